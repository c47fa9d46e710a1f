#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/posix/file_descriptor.hpp"
#include "plugin/state/directory.hpp"
#include "plugin/state/record.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace state {

enum class Stage { pending, live };

/// A record in the state folder.
struct StoredRecord {
  cni::Tag tag;
  Stage stage = Stage::pending;
  std::optional<Record> record{};                                     ///< nullopt: the file is not a valid record
  std::optional<std::chrono::system_clock::time_point> written_at{};  ///< nullopt: not a regular file
};

/// The records of all attachments: <network>/pending/<tag> until the result of the ADD is printed, then
/// <network>/live/<tag>. To write a record, the caller holds the lock of the attachment. Each call throws
/// std::system_error for an error of the system.
class Records {
 public:
  /// The directory has to outlive it.
  explicit Records(const Directory& directory) : directory_(&directory) {}

  /// nullopt if no record exists. If a pending and a live one exist, returns the pending one, which is newer.
  std::optional<StoredRecord> find(const cni::Attachment& attachment) const;
  std::optional<StoredRecord> find(const std::string& network, cni::Tag tag) const;

  /// The tags of all attachments with a record, even an unfinished one, in ascending order. Reads no record.
  std::vector<cni::Tag> tags(const std::string& network) const;
  /// The same with their records; `record` is nullopt if it was removed meanwhile or is unfinished.
  std::vector<StoredRecord> list(const std::string& network) const;
  /// Whether any attachment of the network has a record. The cost does not depend on their number.
  bool has_any(const std::string& network) const;
  /// Whether no attachment of the network has a record. Three system calls if one is live; a record that becomes live
  /// at the same time may be missed.
  bool is_unused(const std::string& network) const;
  /// The networks with a directory in the folder, in no order.
  std::vector<std::string> networks() const;
  /// The network in which the attachment has a record, found by its tag: looks for the record in each network.
  std::optional<std::string> find_network(cni::Tag tag) const;

  /// Writes or replaces the pending record. Throws cni::Error invalid_config if it is longer than longest_record.
  void write_pending(const Record& record);
  /// Adds the ifindexes of the ends, if known, to the pending record, and marks the record as live. Throws if no
  /// pending record exists. It is fastest in the process that has written the record.
  void mark_live(const cni::Attachment& attachment, const EndIndexes& ends = {});
  /// Removes the records of an attachment; false if none existed.
  bool remove(const std::string& network, cni::Tag tag);

 private:
  /// The last pending record that this object has written.
  struct Written {
    cni::Tag tag;
    std::string text;
    posix::FileDescriptor file;
  };

  std::optional<StoredRecord> read(const std::string& network, cni::Tag tag, Stage stage) const;
  std::map<cni::Tag, Stage> stages(const std::string& network) const;
  bool is_network(std::string_view name) const;
  void add_ends(const cni::Attachment& attachment, const EndIndexes& ends);

  const Directory* directory_;
  std::optional<Written> written_;
};

}  // namespace state
