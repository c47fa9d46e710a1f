#include "plugin/state/addresses.hpp"

#include "plugin/state/directory_reader.hpp"
#include "plugin/state/layout.hpp"

#include <algorithm>

namespace state {
namespace {

std::string symlink_of(const std::string& network, const cni::IpAddress& address) {
  return addresses_directory(network) + "/" + cni::to_string(address);
}

std::string cursor_of(const std::string& network) { return network_directory(network) + "/cursor"; }

std::string free_list_of(const std::string& network, std::size_t set) {
  return network_directory(network) + "/free." + std::to_string(set);
}

/// A symbolic link has room for 4095 bytes. Sets whose cursor does not fit are searched from their beginning.
std::string to_text(const Cursors& cursors) {
  constexpr std::size_t max_size = 4000;
  std::string text;
  for (const auto& cursor : cursors) {
    if (text.size() > max_size) break;
    if (!text.empty()) text += ' ';
    text += cursor ? cni::to_string(*cursor) : "-";
  }
  return text;
}

std::optional<cni::IpAddress> find_canonical_address(std::string_view name) {
  const auto address = cni::find_address(name);
  return address && cni::to_string(*address) == name ? address : std::nullopt;
}

}  // namespace

std::vector<cni::IpAddress> addresses_in(const Directory& directory, const std::string& name) {
  std::vector<cni::IpAddress> addresses;
  const auto opened = directory.find_directory(name);
  if (!opened) return addresses;
  DirectoryReader reader{opened->get()};
  while (const auto entry = reader.next()) {
    if (const auto address = find_canonical_address(entry->name)) addresses.push_back(*address);
  }
  std::ranges::sort(addresses);
  return addresses;
}

bool Addresses::take(const std::string& network, const cni::IpAddress& address, cni::Tag holder) {
  return directory_->create_symlink(cni::to_string(holder), symlink_of(network, address), "take the address");
}

bool Addresses::release(const std::string& network, const cni::IpAddress& address, cni::Tag holder,
                        const std::function<void()>& before) {
  if (this->holder(network, address) != holder) return false;
  before();
  return directory_->remove(symlink_of(network, address));
}

bool Addresses::is_taken(const std::string& network, const cni::IpAddress& address) const {
  return directory_->symlink_target(symlink_of(network, address)).has_value();
}

std::optional<cni::Tag> Addresses::holder(const std::string& network, const cni::IpAddress& address) const {
  const auto text = directory_->symlink_target(symlink_of(network, address));
  return text ? cni::find_tag(*text) : std::nullopt;
}

std::vector<TakenAddress> Addresses::list(const std::string& network) const {
  std::vector<TakenAddress> all;
  for (const auto& address : list_addresses(network)) {
    if (const auto text = directory_->symlink_target(symlink_of(network, address))) {
      all.push_back({.address = address, .holder = cni::find_tag(*text)});
    }
  }
  return all;
}

std::vector<cni::IpAddress> Addresses::list_addresses(const std::string& network) const {
  return addresses_in(*directory_, addresses_directory(network));
}

std::vector<cni::IpAddress> Addresses::held_by(const std::string& network, cni::Tag tag) const {
  std::vector<cni::IpAddress> addresses;
  for (const auto& taken : list(network)) {
    if (taken.holder == tag) addresses.push_back(taken.address);
  }
  return addresses;
}

Cursors Addresses::cursors(const std::string& network, std::size_t sets) const {
  Cursors cursors(sets);
  const auto text = directory_->symlink_target(cursor_of(network)).value_or("");
  std::size_t begin = 0;
  for (auto& cursor : cursors) {
    const auto end = std::min(text.find(' ', begin), text.size());
    cursor = cni::find_address(std::string_view{text}.substr(begin, end - begin));
    begin = std::min(end + 1, text.size());
  }
  return cursors;
}

void Addresses::set_cursors(const std::string& network, const Cursors& cursors) {
  const std::string temporary = network_directory(network) + "/.cursor";
  directory_->replace_symlink(to_text(cursors), temporary);
  directory_->replace(temporary, cursor_of(network));
}

/// Lines that are no addresses are skipped.
std::vector<cni::IpAddress> Addresses::free_list(const std::string& network, std::size_t set) const {
  constexpr std::size_t limit = 1U << 16U;
  std::vector<cni::IpAddress> addresses;
  const auto content = directory_->content(free_list_of(network, set), limit);
  if (!content) return addresses;
  std::string_view rest{content->text};
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (const auto address = cni::find_address(line)) addresses.push_back(*address);
  }
  std::ranges::sort(addresses);
  return addresses;
}

void Addresses::set_free_list(const std::string& network, std::size_t set,
                              const std::vector<cni::IpAddress>& addresses) {
  const auto name = free_list_of(network, set);
  if (addresses.empty()) {
    directory_->remove(name);
    return;
  }
  std::string text;
  for (const auto& address : addresses) text += cni::to_string(address) + '\n';
  const auto temporary = network_directory(network) + "/.free";
  directory_->write_file(temporary, text);
  directory_->replace(temporary, name);
}

}  // namespace state
