#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/posix/byte_lock.hpp"
#include "plugin/posix/file_descriptor.hpp"
#include "plugin/state/record.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The file system is the database. Each change is one atomic system call, and nothing is ever half there:
//
//   /run/veth-cni/<boot id>-<cookie of the host's network namespace>/    0700
//     locks                      a byte for each network's allocation, one for each attachment, one for the gateways
//     <network>/addresses/<ip>   a symbolic link to the tag that holds the address
//     <network>/cursor           a symbolic link to the addresses after which the next searches begin, one for each set
//                                of ranges ("10.1.0.7 fd00:1::7"; "-": none)
//     <network>/pending/<tag>    record of an attachment whose ADD has not been answered
//     <network>/live/<tag>       the same record after the answer was written
namespace state {

enum class Stage { pending, live };

/// A record as it was found.
struct StoredRecord {
  cni::Tag tag;
  Stage stage = Stage::pending;
  std::optional<Record> record{};  ///< nullopt: there is a file, and it cannot be read as a record
  std::optional<std::chrono::system_clock::time_point> written_at{};  ///< nullopt: there is no regular file
};

/// Empty text stands for what cannot be read.
struct FileContent {
  std::string text;
  std::optional<std::chrono::system_clock::time_point> written_at{};
};

struct TakenAddress {
  cni::IpAddress address;
  std::optional<cni::Tag> holder;  ///< nullopt: the link is not one of ours
};

/// The address after which the next search of each set of ranges begins, by the number of the set.
using Cursors = std::vector<std::optional<cni::IpAddress>>;

constexpr std::string_view default_root = "/run/veth-cni";
constexpr std::chrono::milliseconds lock_patience{10'000};

/// The folder of this boot and this network namespace. Every call throws std::system_error for what the system refuses,
/// with the path.
class Folder {
 public:
  /// Opens it, and makes it where it is missing; folders of another boot are removed then. Throws Error system_refused
  /// where it or its parent is not root's alone (owner other than the effective user, writable by group or others, a
  /// symbolic link). A folder that is made below another root than `registry` is written down in the registry's folder:
  /// data-dirs/<hash of the root>, a symbolic link to the root, so that a tool finds all.
  static Folder open(const std::string& root = std::string{default_root},
                     const std::string& registry = std::string{default_root});

  /// Writes the root down in the registry's folder, as open() does before it makes a folder: the registry may have been
  /// lost since. Throws as open() does.
  static void write_down(const std::string& root, const std::string& registry);

  /// As open, but makes nothing: nullopt where there is none.
  static std::optional<Folder> find(const std::string& root = std::string{default_root});

  /// Throws Error system_refused where a directory of the network is a symbolic link, or not the effective user's
  /// alone: whoever could write in the folder once may have left it.
  void refuse_planted(const std::string& network) const;

  /// Throws Error try_again_later where another call holds it for longer than `patience`.
  posix::ByteLock lock(const cni::Attachment& attachment, std::chrono::milliseconds patience = lock_patience) const;
  posix::ByteLock lock_network(std::string_view network, std::chrono::milliseconds patience = lock_patience) const;
  /// Of the gateways that the networks of this folder share on the host.
  posix::ByteLock lock_gateways(std::chrono::milliseconds patience = lock_patience) const;
  /// nullopt while another call holds it. One that this same folder object holds is taken again, and is free when
  /// either of the two ends.
  std::optional<posix::ByteLock> try_lock(cni::Tag tag) const;
  /// Whether another call holds the lock of any attachment.
  bool is_at_work() const;

  /// Where there is a pending and a live one, the pending one: it is newer.
  std::optional<StoredRecord> find_record(const cni::Attachment& attachment) const;
  std::optional<StoredRecord> find_record(const std::string& network, cni::Tag tag) const;
  /// Each attachment of which there is any trace; one whose record vanished meanwhile, or was never completed, has
  /// none.
  std::vector<StoredRecord> records(const std::string& network) const;
  /// Whether any attachment of the network has a record; its cost does not grow with their number.
  bool has_records(const std::string& network) const;
  /// The same, one attachment aside.
  bool has_records_besides(const std::string& network, cni::Tag tag) const;

  /// Writes or replaces the pending record.
  void write_pending(const Record& record);
  /// The pending record becomes live. Throws where there is none.
  void mark_live(const cni::Attachment& attachment);
  /// Removes the records of an attachment; false where there was none.
  bool forget(const std::string& network, cni::Tag tag);

  /// Takes the address for the holder; false where it is taken already, by whomever.
  bool take(const std::string& network, const cni::IpAddress& address, cni::Tag holder);
  /// Gives it back; false where the holder does not hold it.
  bool release(const std::string& network, const cni::IpAddress& address, cni::Tag holder);
  bool is_taken(const std::string& network, const cni::IpAddress& address) const;
  std::optional<cni::Tag> holder(const std::string& network, const cni::IpAddress& address) const;
  /// All of the network, in no order: reads the whole folder and each link.
  std::vector<TakenAddress> taken(const std::string& network) const;
  /// The same without the holders, in ascending order: reads the whole folder, but no link.
  std::vector<cni::IpAddress> taken_addresses(const std::string& network) const;

  /// Of the first `sets` sets; what cannot be read is nullopt.
  Cursors cursors(const std::string& network, std::size_t sets) const;
  void set_cursors(const std::string& network, const Cursors& cursors);

  /// Throws where a file cannot be made in the folder now.
  void check_writable();

  /// The networks that this folder knows, in no order.
  std::vector<std::string> networks() const;
  /// The roots that open() wrote down here.
  std::vector<std::string> data_dirs() const;

  /// The absolute path, for messages.
  const std::string& path() const { return path_; }

 private:
  Folder(std::string path, posix::FileDescriptor directory, posix::FileDescriptor locks);

  std::optional<posix::FileDescriptor> find_directory(const std::string& name) const;
  std::optional<std::string> link_text(const std::string& name) const;
  std::optional<FileContent> content(const std::string& name) const;
  std::optional<StoredRecord> read_record(const std::string& network, cni::Tag tag, Stage stage) const;
  std::vector<cni::Tag> tags(const std::string& network, Stage stage) const;
  bool has_records_besides_name(const std::string& network, const std::string& name) const;
  bool is_empty(const std::string& name, const std::string& besides) const;
  int create(const std::string& name) const;
  void write_file(const std::string& name, const std::string& text);
  void replace(const std::string& temporary, const std::string& name);
  void put_link(const std::string& target, const std::string& name);
  bool remove(const std::string& name);
  std::string quoted(const std::string& name) const;

  std::string path_;
  posix::FileDescriptor directory_;
  posix::FileDescriptor locks_;
};

}  // namespace state
