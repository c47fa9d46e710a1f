#include "plugin/state/folder.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/state/directory_reader.hpp"
#include "plugin/state/location.hpp"
#include "plugin/text/quoted.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <map>
#include <utility>

namespace state {
namespace {

constexpr mode_t private_file = 0600;
constexpr mode_t private_directory = 0700;
constexpr std::size_t longest_record = 1U << 20U;
constexpr std::string_view locks_name = "locks";
constexpr std::string_view data_dirs_name = "data-dirs";
constexpr std::string_view pending_name = "/pending";
constexpr std::string_view live_name = "/live";

bool is_reserved(std::string_view name) { return name == locks_name || name == data_dirs_name; }

/// A network may be called as a file of the folder is; no network's name begins with '='.
std::string directory_of(const std::string& network) { return is_reserved(network) ? "=" + network : network; }

std::string addresses_of(const std::string& network) { return directory_of(network) + "/addresses"; }

std::string link_of(const std::string& network, const cni::IpAddress& address) {
  return addresses_of(network) + "/" + cni::to_string(address);
}

std::string stage_directory(const std::string& network, Stage stage) {
  return directory_of(network) + std::string{stage == Stage::pending ? pending_name : live_name};
}

std::string record_of(const std::string& network, Stage stage, cni::Tag tag) {
  return stage_directory(network, stage) + "/" + cni::to_string(tag);
}

/// The lock of the attachment makes it ours alone.
std::string temporary_record_of(const std::string& network, cni::Tag tag) {
  return stage_directory(network, Stage::pending) + "/." + cni::to_string(tag);
}

std::string cursor_of(const std::string& network) { return directory_of(network) + "/cursor"; }
std::string temporary_cursor_of(const std::string& network) { return directory_of(network) + "/.cursor"; }

/// Searches of the sets that a symbolic link has no room for begin at their beginning.
std::string to_text(const Cursors& cursors) {
  constexpr std::size_t longest = 4000;
  std::string text;
  for (const auto& cursor : cursors) {
    if (text.size() > longest) break;
    if (!text.empty()) text += ' ';
    text += cursor ? cni::to_string(*cursor) : "-";
  }
  return text;
}

/// Locks of attachments are in the lower half of what a file offset can be, those of networks in the upper half.
constexpr std::uint64_t half = std::uint64_t{1} << 62U;
std::uint64_t attachment_offset(cni::Tag tag) { return tag.value >> 2U; }
std::uint64_t network_offset(std::string_view network) { return half + (cni::tag_of_network(network).value >> 2U); }

/// No network is called so.
std::uint64_t gateways_offset() { return network_offset("=gateways"); }

posix::ByteLock take_lock(int file, std::uint64_t offset, std::chrono::milliseconds patience,
                          const std::string& object) {
  if (auto lock = posix::ByteLock::take(file, offset, patience)) return std::move(*lock);
  throw cni::Error{cni::ErrorCode::try_again_later, "another call has been busy with " + object + " for too long",
                   "look for a hung \"veth\" process (ps -C veth,veth-ipam) and try again when it has ended"};
}

/// False with errno where it is not there and cannot be made.
bool make_directory_at(int directory, const std::string& name) {
  return ::mkdirat(directory, name.c_str(), private_directory) == 0 || errno == EEXIST;
}

/// The directory of a network's live records is made with that of its pending ones: a record that goes live then needs
/// no room of its own.
bool make_stage_at(int directory, const std::string& name) {
  if (!name.ends_with(pending_name)) return make_directory_at(directory, name);
  const auto live = name.substr(0, name.size() - pending_name.size()) + std::string{live_name};
  return make_directory_at(directory, live) && make_directory_at(directory, name);
}

/// False with errno where one of the directories that `name` stands in cannot be made.
bool make_parents_at(int directory, const std::string& name) {
  for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    if (!make_stage_at(directory, name.substr(0, slash))) return false;
  }
  return true;
}

/// Calls what puts `name` there, and where its directory is missing makes that and calls again: the usual call finds
/// the directory.
int put(int directory, const std::string& name, const auto& call) {
  const int result = call();
  if (result >= 0 || errno != ENOENT) return result;
  return make_parents_at(directory, name) ? call() : -1;
}

std::string without_trailing_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

/// Where nobody can write, nobody else can hold a lock either, and one of our own is as good: DEL still removes what is
/// in the kernel.
posix::FileDescriptor private_lock_file() {
  posix::FileDescriptor file{::memfd_create("locks", MFD_CLOEXEC)};
  if (!file) posix::throw_errno("make a lock file in memory");
  return file;
}

posix::FileDescriptor open_locks(int directory, const std::string& path) {
  constexpr int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  const std::string name{locks_name};
  posix::FileDescriptor file{::openat(directory, name.c_str(), flags, private_file)};
  if (!file) posix::throw_errno("open the lock file of " + text::quoted(path));
  return file;
}

posix::FileDescriptor find_locks(int directory, const std::string& path) {
  try {
    return open_locks(directory, path);
  } catch (const std::system_error& error) {
    const int number = error.code().value();
    if (number == EROFS || number == ENOSPC || number == EDQUOT) return private_lock_file();
    throw;
  }
}

std::optional<posix::FileDescriptor> find_root(const std::string& root) {
  return root == default_root ? find_private_directory(AT_FDCWD, root, root) : find_private_path(root);
}

posix::FileDescriptor open_root(const std::string& root) {
  if (auto found = find_root(root)) return std::move(*found);
  if (root != default_root) make_parents(root);
  make_private_directory(AT_FDCWD, root, root);
  if (auto made = find_root(root)) return std::move(*made);
  throw posix::system_error(ENOENT, "open the state folder " + text::quoted(root));
}

std::chrono::system_clock::time_point time_of(const timespec& time) {
  const auto since_epoch = std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
  return std::chrono::system_clock::time_point{
      std::chrono::duration_cast<std::chrono::system_clock::duration>(since_epoch)};
}

/// Empty for what is no regular file of a record's size, and for what the disk cannot read. Other errors say nothing
/// about the record. `quoted_path` is asked for them alone.
FileContent read_regular(int file, const auto& quoted_path) {
  struct stat status {};
  if (::fstat(file, &status) < 0) posix::throw_errno("look at " + quoted_path());
  if (!S_ISREG(status.st_mode)) return {};
  FileContent content{.text = {}, .written_at = time_of(status.st_mtim)};
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > longest_record) return content;
  content.text.resize(size);
  const ssize_t count = ::pread(file, content.text.data(), size, 0);
  if (count < 0 && errno != EIO) posix::throw_errno("read " + quoted_path());
  if (count != status.st_size) content.text.clear();
  return content;
}

/// nullopt for a name that is not the one this plugin writes an address with.
std::optional<cni::IpAddress> canonical_address(std::string_view name) {
  const auto address = cni::find_address(name);
  return address && cni::to_string(*address) == name ? address : std::nullopt;
}

}  // namespace

Folder::Folder(std::string path, posix::FileDescriptor directory, posix::FileDescriptor locks)
    : path_(std::move(path)), directory_(std::move(directory)), locks_(std::move(locks)) {}

Folder Folder::open(const std::string& root, const std::string& registry) {
  const std::string parent_path = without_trailing_slashes(root);
  const std::string name = folder_name();
  std::string path = parent_path + "/" + name;
  const auto parent = open_root(parent_path);
  auto directory = find_private_directory(parent.get(), name, path);
  if (!directory) {
    write_down(parent_path, without_trailing_slashes(registry));
    remove_other_boots(parent.get(), name);
    directory = make_private_directory(parent.get(), name, path);
  }
  auto locks = open_locks(directory->get(), path);
  return {std::move(path), std::move(*directory), std::move(locks)};
}

std::optional<Folder> Folder::find(const std::string& root) {
  const std::string parent_path = without_trailing_slashes(root);
  const auto parent = find_root(parent_path);
  if (!parent) return std::nullopt;
  const std::string name = folder_name();
  std::string path = parent_path + "/" + name;
  auto directory = find_private_directory(parent->get(), name, path);
  if (!directory) return std::nullopt;
  auto locks = find_locks(directory->get(), path);
  return Folder{std::move(path), std::move(*directory), std::move(locks)};
}

void Folder::refuse_planted(const std::string& network) const {
  for (const auto& name : {directory_of(network), addresses_of(network), stage_directory(network, Stage::pending),
                           stage_directory(network, Stage::live)}) {
    state::refuse_planted(directory_.get(), path_, name);
  }
}

posix::ByteLock Folder::lock(const cni::Attachment& attachment, std::chrono::milliseconds patience) const {
  return take_lock(locks_.get(), attachment_offset(cni::tag_of(attachment)), patience,
                   "container " + text::quoted(attachment.container) + ", interface " +
                       text::quoted(attachment.interface) + ", network " + text::quoted(attachment.network));
}

posix::ByteLock Folder::lock_network(std::string_view network, std::chrono::milliseconds patience) const {
  return take_lock(locks_.get(), network_offset(network), patience,
                   "the addresses of network " + text::quoted(network));
}

posix::ByteLock Folder::lock_gateways(std::chrono::milliseconds patience) const {
  return take_lock(locks_.get(), gateways_offset(), patience, "the gateways on \"lo\"");
}

std::optional<posix::ByteLock> Folder::try_lock(cni::Tag tag) const {
  return posix::ByteLock::try_take(locks_.get(), attachment_offset(tag));
}

bool Folder::is_at_work() const { return posix::ByteLock::is_any_taken(locks_.get(), 0, half); }

std::optional<StoredRecord> Folder::find_record(const cni::Attachment& attachment) const {
  return find_record(attachment.network, cni::tag_of(attachment));
}

std::optional<StoredRecord> Folder::find_record(const std::string& network, cni::Tag tag) const {
  if (auto record = read_record(network, tag, Stage::pending)) return record;
  return read_record(network, tag, Stage::live);
}

std::vector<StoredRecord> Folder::records(const std::string& network) const {
  std::map<cni::Tag, Stage> all;
  for (const Stage stage : {Stage::pending, Stage::live}) {
    for (const cni::Tag tag : tags(network, stage)) all.emplace(tag, stage);
  }
  std::vector<StoredRecord> records;
  records.reserve(all.size());
  for (const auto& [tag, stage] : all) {
    auto record = read_record(network, tag, stage);
    if (!record) record = find_record(network, tag);
    records.push_back(std::move(record).value_or(StoredRecord{.tag = tag}));
  }
  return records;
}

bool Folder::has_records(const std::string& network) const { return has_records_besides_name(network, ""); }

bool Folder::has_records_besides(const std::string& network, cni::Tag tag) const {
  return has_records_besides_name(network, cni::to_string(tag));
}

/// Pending ones first: a record that goes live meanwhile is seen in one of the two.
bool Folder::has_records_besides_name(const std::string& network, const std::string& name) const {
  return !is_empty(stage_directory(network, Stage::pending), name) ||
         !is_empty(stage_directory(network, Stage::live), name);
}

void Folder::write_pending(const Record& record) {
  const std::string& network = record.attachment.network;
  const cni::Tag tag = cni::tag_of(record.attachment);
  const std::string temporary = temporary_record_of(network, tag);
  const std::string name = record_of(network, Stage::pending, tag);
  try {
    write_file(temporary, to_text(record));
    replace(temporary, name);
  } catch (const std::system_error& error) {
    ::unlinkat(directory_.get(), temporary.c_str(), 0);
    throw posix::system_error(error.code().value(), "write the record " + quoted(name));
  }
}

void Folder::mark_live(const cni::Attachment& attachment) {
  const cni::Tag tag = cni::tag_of(attachment);
  replace(record_of(attachment.network, Stage::pending, tag), record_of(attachment.network, Stage::live, tag));
}

/// The pending one goes last: until then the attachment shows as remains, which DEL and GC find again.
bool Folder::forget(const std::string& network, cni::Tag tag) {
  remove(temporary_record_of(network, tag));
  const bool was_live = remove(record_of(network, Stage::live, tag));
  const bool was_pending = remove(record_of(network, Stage::pending, tag));
  return was_live || was_pending;
}

bool Folder::take(const std::string& network, const cni::IpAddress& address, cni::Tag holder) {
  const std::string name = link_of(network, address);
  const std::string target = cni::to_string(holder);
  const int result =
      put(directory_.get(), name, [&] { return ::symlinkat(target.c_str(), directory_.get(), name.c_str()); });
  if (result == 0) return true;
  if (errno == EEXIST) return false;
  posix::throw_errno("take the address " + quoted(name));
}

bool Folder::release(const std::string& network, const cni::IpAddress& address, cni::Tag holder) {
  if (this->holder(network, address) != holder) return false;
  return remove(link_of(network, address));
}

bool Folder::is_taken(const std::string& network, const cni::IpAddress& address) const {
  return link_text(link_of(network, address)).has_value();
}

std::optional<cni::Tag> Folder::holder(const std::string& network, const cni::IpAddress& address) const {
  const auto text = link_text(link_of(network, address));
  return text ? cni::find_tag(*text) : std::nullopt;
}

std::vector<TakenAddress> Folder::taken(const std::string& network) const {
  std::vector<TakenAddress> all;
  for (const auto& address : taken_addresses(network)) {
    if (const auto text = link_text(link_of(network, address))) {
      all.push_back({.address = address, .holder = cni::find_tag(*text)});
    }
  }
  return all;
}

std::vector<cni::IpAddress> Folder::taken_addresses(const std::string& network) const {
  std::vector<cni::IpAddress> addresses;
  const auto directory = find_directory(addresses_of(network));
  if (!directory) return addresses;
  DirectoryReader reader{directory->get()};
  while (const auto entry = reader.next()) {
    if (const auto address = canonical_address(entry->name)) addresses.push_back(*address);
  }
  std::ranges::sort(addresses);
  return addresses;
}

Cursors Folder::cursors(const std::string& network, std::size_t sets) const {
  Cursors cursors(sets);
  const auto text = link_text(cursor_of(network)).value_or("");
  std::size_t begin = 0;
  for (auto& cursor : cursors) {
    const auto end = std::min(text.find(' ', begin), text.size());
    cursor = cni::find_address(std::string_view{text}.substr(begin, end - begin));
    begin = std::min(end + 1, text.size());
  }
  return cursors;
}

void Folder::set_cursors(const std::string& network, const Cursors& cursors) {
  const std::string temporary = temporary_cursor_of(network);
  put_link(to_text(cursors), temporary);
  replace(temporary, cursor_of(network));
}

std::vector<std::string> Folder::networks() const {
  std::vector<std::string> names;
  const auto directory = find_directory(".");
  if (!directory) return names;
  DirectoryReader reader{directory->get()};
  while (const auto entry = reader.next()) {
    if (entry->type != DT_DIR && entry->type != DT_UNKNOWN) continue;
    if (entry->name.front() == '.' || is_reserved(entry->name)) continue;
    names.emplace_back(entry->name.substr(entry->name.front() == '=' ? 1 : 0));
  }
  return names;
}

std::vector<std::string> Folder::data_dirs() const {
  std::vector<std::string> roots;
  const std::string name{data_dirs_name};
  const auto directory = find_directory(name);
  if (!directory) return roots;
  DirectoryReader reader{directory->get()};
  while (const auto entry = reader.next()) {
    const auto root = link_text(name + "/" + std::string{entry->name});
    if (root && !root->empty()) roots.push_back(*root);
  }
  return roots;
}

void Folder::write_down(const std::string& root, const std::string& registry) {
  if (root == registry) return;
  open(registry, registry)
      .put_link(root, std::string{data_dirs_name} + "/" + cni::to_string(cni::tag_of_network(root)));
}

/// nullopt where there is no such directory, whatever else stands there.
std::optional<posix::FileDescriptor> Folder::find_directory(const std::string& name) const {
  const int number = ::openat(directory_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (number >= 0) return posix::FileDescriptor{number};
  if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return std::nullopt;
  posix::throw_errno("open " + quoted(name));
}

/// Where a symbolic link leads; empty for something else of that name, nullopt where there is nothing.
std::optional<std::string> Folder::link_text(const std::string& name) const {
  std::array<char, PATH_MAX> buffer;
  const ssize_t length = ::readlinkat(directory_.get(), name.c_str(), buffer.data(), buffer.size());
  if (length >= 0) return std::string{buffer.data(), static_cast<std::size_t>(length)};
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  if (errno == EINVAL) return std::string{};
  posix::throw_errno("read the link " + quoted(name));
}

/// nullopt where there is nothing; empty, which no record is, for what cannot be read. O_NONBLOCK: a FIFO would block
/// the opening.
std::optional<FileContent> Folder::content(const std::string& name) const {
  const int number = ::openat(directory_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (number < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (number < 0 && (errno == ELOOP || errno == ENXIO)) return FileContent{};
  if (number < 0) posix::throw_errno("read " + quoted(name));
  const posix::FileDescriptor file{number};
  return read_regular(number, [&] { return quoted(name); });
}

/// A record that stands under another attachment's tag cannot be believed either.
std::optional<StoredRecord> Folder::read_record(const std::string& network, cni::Tag tag, Stage stage) const {
  const auto file = content(record_of(network, stage, tag));
  if (!file) return std::nullopt;
  auto record = state::find_record(file->text);
  if (record && cni::tag_of(record->attachment) != tag) record.reset();
  return StoredRecord{.tag = tag, .stage = stage, .record = std::move(record), .written_at = file->written_at};
}

/// A temporary file shows that an attachment was begun, too.
std::vector<cni::Tag> Folder::tags(const std::string& network, Stage stage) const {
  std::vector<cni::Tag> tags;
  const auto directory = find_directory(stage_directory(network, stage));
  if (!directory) return tags;
  DirectoryReader reader{directory->get()};
  while (const auto entry = reader.next()) {
    const auto name = std::string_view{entry->name};
    if (const auto tag = cni::find_tag(name.substr(name.starts_with('.') ? 1 : 0))) tags.push_back(*tag);
  }
  return tags;
}

/// Temporary files do not count.
bool Folder::is_empty(const std::string& name, const std::string& besides) const {
  const auto directory = find_directory(name);
  if (!directory) return true;
  DirectoryReader reader{directory->get(), DirectoryReader::room_for_one};
  while (const auto entry = reader.next()) {
    if (entry->name.front() != '.' && entry->name != besides) return false;
  }
  return true;
}

int Folder::create(const std::string& name) const {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  return put(directory_.get(), name, [&] { return ::openat(directory_.get(), name.c_str(), flags, private_file); });
}

/// A file of that name is replaced, never written into: it may have another name elsewhere. Of the probe of STATUS
/// there may be several at once.
void Folder::write_file(const std::string& name, const std::string& text) {
  constexpr int attempts = 100;
  int number = create(name);
  for (int attempt = 1; number < 0 && errno == EEXIST && attempt < attempts; ++attempt) {
    remove(name);
    number = create(name);
  }
  const posix::FileDescriptor file{number};
  if (!file) posix::throw_errno("write " + quoted(name));
  posix::write_all(file.get(), text);
}

/// A foreign directory of that name is in the way of the renaming, and nobody's.
void Folder::replace(const std::string& temporary, const std::string& name) {
  const auto rename = [&] { return ::renameat(directory_.get(), temporary.c_str(), directory_.get(), name.c_str()); };
  int result = put(directory_.get(), name, rename);
  if (result < 0 && errno == EISDIR) {
    remove_tree(directory_.get(), name);
    result = rename();
  }
  if (result < 0) posix::throw_errno("rename " + quoted(temporary) + " to " + quoted(name));
}

/// A link of that name is replaced: what a call left that was ended in the middle.
void Folder::put_link(const std::string& target, const std::string& name) {
  const auto link = [&] { return ::symlinkat(target.c_str(), directory_.get(), name.c_str()); };
  int result = put(directory_.get(), name, link);
  if (result < 0 && errno == EEXIST) {
    remove(name);
    result = link();
  }
  if (result < 0) posix::throw_errno("make the link " + quoted(name));
}

/// False where there was nothing. A read-only file system says EROFS for that, too.
bool Folder::remove(const std::string& name) {
  if (::unlinkat(directory_.get(), name.c_str(), 0) == 0) return true;
  const int error = errno;
  if (error == ENOENT || error == ENOTDIR || (error == EROFS && !link_text(name))) return false;
  if (error != EISDIR) throw posix::system_error(error, "remove " + quoted(name));
  remove_tree(directory_.get(), name);
  return true;
}

void Folder::check_writable() {
  const std::string name = ".status";
  write_file(name, "");
  remove(name);
}

std::string Folder::quoted(const std::string& name) const { return text::quoted(path_ + "/" + name); }

}  // namespace state
