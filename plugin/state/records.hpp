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

/// A record as it was found.
struct StoredRecord {
  cni::Tag tag;
  Stage stage = Stage::pending;
  std::optional<Record> record{};  ///< nullopt: there is a file, and it cannot be read as a record
  std::optional<std::chrono::system_clock::time_point> written_at{};  ///< nullopt: there is no regular file
};

/// The records of all attachments: <network>/pending/<tag> until the ADD has been answered, then <network>/live/<tag>.
/// Who writes one holds the lock of its attachment. Every call throws std::system_error for what the system refuses.
class Records {
 public:
  /// The directory has to outlive it.
  explicit Records(const Directory& directory) : directory_(&directory) {}

  /// nullopt where there is no record. Where there is a pending and a live one, the pending one: it is newer.
  std::optional<StoredRecord> find(const cni::Attachment& attachment) const;
  std::optional<StoredRecord> find(const std::string& network, cni::Tag tag) const;

  /// The tags of all attachments of which there is any trace, in ascending order. No record is read.
  std::vector<cni::Tag> tags(const std::string& network) const;
  /// The same with their records; one whose record vanished meanwhile, or was never completed, has none.
  std::vector<StoredRecord> list(const std::string& network) const;
  /// Whether any attachment of the network has a record; its cost does not grow with their number.
  bool has_any(const std::string& network) const;
  /// The same without one attachment.
  bool has_any_besides(const std::string& network, cni::Tag tag) const;
  /// The networks of which there is any trace, in no order.
  std::vector<std::string> networks() const;

  /// Writes or replaces the pending record. Throws Error invalid_config for one that is longer than longest_record.
  void write_pending(const Record& record);
  /// Adds the indexes of the ends, unless they are not known, to the pending record, and makes it live. Throws where
  /// there is none. Costs least in the process that has written the record.
  void mark_live(const cni::Attachment& attachment, const EndIndexes& ends = {});
  /// Removes the records of an attachment; false where there was none.
  bool forget(const std::string& network, cni::Tag tag);

 private:
  /// The pending record that this object has written last.
  struct Written {
    cni::Tag tag;
    std::string text;
    posix::FileDescriptor file;
  };

  std::optional<StoredRecord> read(const std::string& network, cni::Tag tag, Stage stage) const;
  std::map<cni::Tag, Stage> stages(const std::string& network) const;
  bool has_any_besides_name(const std::string& network, std::string_view name) const;
  bool is_network(std::string_view name) const;
  void add_ends(const cni::Attachment& attachment, const EndIndexes& ends);

  const Directory* directory_;
  std::optional<Written> written_;
};

}  // namespace state
