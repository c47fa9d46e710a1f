#include "plugin/state/records.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/state/directory_reader.hpp"
#include "plugin/state/layout.hpp"
#include "plugin/text/quoted.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

namespace state {
namespace {

std::string stage_directory(const std::string& network, Stage stage) {
  return stage == Stage::pending ? pending_directory(network) : live_directory(network);
}

std::string record_of(const std::string& network, Stage stage, cni::Tag tag) {
  return stage_directory(network, stage) + "/" + cni::to_string(tag);
}

/// Written only under the lock of the attachment.
std::string temporary_record_of(const std::string& network, cni::Tag tag) {
  return pending_directory(network) + "/." + cni::to_string(tag);
}

[[noreturn]] void throw_too_long(const Record& record, std::size_t size) {
  const auto& [network, container, interface] = record.attachment;
  throw cni::Error{cni::ErrorCode::invalid_config,
                   "the record of container " + text::quoted(container) + ", interface " + text::quoted(interface) +
                       ", network " + text::quoted(network) + " would have " + std::to_string(size) +
                       " bytes, more than " + std::to_string(longest_record),
                   "configure fewer routes, addresses or port mappings"};
}

void overwrite_beginning(int file, std::string_view text) {
  const ssize_t count = ::pwrite(file, text.data(), text.size(), 0);
  if (count < 0) posix::throw_errno("write the ifindexes of the ends");
  if (static_cast<std::size_t>(count) != text.size()) throw posix::system_error(EIO, "write the ifindexes of the ends");
}

}  // namespace

std::optional<StoredRecord> Records::find(const cni::Attachment& attachment) const {
  return find(attachment.network, cni::tag_of(attachment));
}

std::optional<StoredRecord> Records::find(const std::string& network, cni::Tag tag) const {
  if (auto record = read(network, tag, Stage::pending)) return record;
  return read(network, tag, Stage::live);
}

/// A record under the tag of another attachment is invalid too.
std::optional<StoredRecord> Records::read(const std::string& network, cni::Tag tag, Stage stage) const {
  const auto file = directory_->content(record_of(network, stage, tag), longest_record);
  if (!file) return std::nullopt;
  auto record = find_record(file->text);
  if (record && cni::tag_of(record->attachment) != tag) record.reset();
  return StoredRecord{.tag = tag, .stage = stage, .record = std::move(record), .written_at = file->written_at};
}

std::vector<cni::Tag> Records::tags(const std::string& network) const {
  std::vector<cni::Tag> tags;
  for (const auto& [tag, stage] : stages(network)) tags.push_back(tag);
  return tags;
}

std::vector<StoredRecord> Records::list(const std::string& network) const {
  const auto all = stages(network);
  std::vector<StoredRecord> records;
  records.reserve(all.size());
  for (const auto& [tag, stage] : all) {
    auto record = read(network, tag, stage);
    if (!record) record = find(network, tag);
    records.push_back(std::move(record).value_or(StoredRecord{.tag = tag}));
  }
  return records;
}

/// Reads pending/ first: a record that becomes live meanwhile is found in one of the two. A temporary file also shows
/// that an ADD was started.
std::map<cni::Tag, Stage> Records::stages(const std::string& network) const {
  std::map<cni::Tag, Stage> all;
  for (const Stage stage : {Stage::pending, Stage::live}) {
    const auto directory = directory_->find_directory(stage_directory(network, stage));
    if (!directory) continue;
    DirectoryReader reader{directory->get()};
    while (const auto entry = reader.next()) {
      const auto tag = cni::find_tag(entry->name.substr(entry->name.starts_with('.') ? 1 : 0));
      if (tag) all.emplace(*tag, stage);
    }
  }
  return all;
}

/// Looks into pending/ first: a record that becomes live meanwhile is found in one of the two.
bool Records::has_any(const std::string& network) const {
  return !directory_->is_empty(pending_directory(network)) || !directory_->is_empty(live_directory(network));
}

bool Records::is_unused(const std::string& network) const {
  return directory_->is_empty(live_directory(network)) && directory_->is_empty(pending_directory(network));
}

std::vector<std::string> Records::networks() const {
  std::vector<std::string> names;
  const auto directory = directory_->find_directory(".");
  if (!directory) return names;
  DirectoryReader reader{directory->get()};
  while (const auto entry = reader.next()) {
    if (entry->type != DT_DIR && entry->type != DT_UNKNOWN) continue;
    if (!is_network(entry->name)) continue;
    names.emplace_back(entry->name.substr(entry->name.front() == '=' ? 1 : 0));
  }
  return names;
}

std::optional<std::string> Records::find_network(cni::Tag tag) const {
  const auto all = networks();
  const auto found =
      std::ranges::find_if(all, [&](const std::string& network) { return find(network, tag).has_value(); });
  return found == all.end() ? std::nullopt : std::optional{*found};
}

/// A network may have the name of the directory that contains the gateway claims.
bool Records::is_network(std::string_view name) const {
  if (name.front() == '.' || is_reserved(name)) return false;
  if (name != gateways_name) return true;
  const std::string network{name};
  const std::array parts{addresses_directory(network), pending_directory(network), live_directory(network)};
  return std::ranges::any_of(parts, [&](const std::string& part) { return directory_->exists(part); });
}

void Records::write_pending(const Record& record) {
  const std::string& network = record.attachment.network;
  const cni::Tag tag = cni::tag_of(record.attachment);
  const std::string temporary = temporary_record_of(network, tag);
  const std::string name = record_of(network, Stage::pending, tag);
  auto text = to_text(record);
  if (text.size() > longest_record) throw_too_long(record, text.size());
  try {
    auto file = directory_->write_file(temporary, text);
    directory_->replace(temporary, name);
    written_ = Written{.tag = tag, .text = std::move(text), .file = std::move(file)};
  } catch (const std::system_error& error) {
    ::unlinkat(directory_->descriptor(), temporary.c_str(), 0);
    throw posix::system_error(error.code().value(), "write the record " + directory_->quoted(name));
  }
}

void Records::mark_live(const cni::Attachment& attachment, const EndIndexes& ends) {
  const cni::Tag tag = cni::tag_of(attachment);
  if (ends != EndIndexes{}) add_ends(attachment, ends);
  directory_->replace(record_of(attachment.network, Stage::pending, tag),
                      record_of(attachment.network, Stage::live, tag));
  written_.reset();
}

/// Overwrites the first bytes of the file in place. They are in one page, so a process that is killed meanwhile has
/// written all of them or none.
void Records::add_ends(const cni::Attachment& attachment, const EndIndexes& ends) {
  const cni::Tag tag = cni::tag_of(attachment);
  if (written_ && written_->tag == tag) {
    overwrite_beginning(written_->file.get(), set_ends(written_->text, ends));
    return;
  }
  const auto pending = read(attachment.network, tag, Stage::pending);
  if (!pending || !pending->record) return;
  Record record = *pending->record;
  record.ends = ends;
  write_pending(record);
}

/// Removes the pending record last: until then the attachment is stale, and DEL and GC find it again.
bool Records::remove(const std::string& network, cni::Tag tag) {
  directory_->remove(temporary_record_of(network, tag));
  const bool was_live = directory_->remove(record_of(network, Stage::live, tag));
  const bool was_pending = directory_->remove(record_of(network, Stage::pending, tag));
  return was_live || was_pending;
}

}  // namespace state
