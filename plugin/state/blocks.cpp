#include "plugin/state/blocks.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/posix/file_lock.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/replace_file.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/state/directory_reader.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/state/locks.hpp"
#include "plugin/state/private_modes.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

namespace state {
namespace {

constexpr std::size_t name_digits = 6;
constexpr int hexadecimal = 16;
constexpr std::size_t largest_file = 4096;

std::string folder_of(const std::string& pool, const std::string& root) { return root + '/' + pool; }

/// nullopt for other names, such as those of temporary files.
std::optional<std::uint32_t> index_of(std::string_view name) {
  std::uint32_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index, hexadecimal);
  const bool is_index = name.size() == name_digits && error == std::errc{} && end == name.data() + name.size();
  return is_index && block_file_name(index) == name ? std::optional{index} : std::nullopt;
}

std::vector<cni::Prefix> read_prefixes(cni::JsonObject& object, std::string_view key) {
  std::vector<cni::Prefix> prefixes;
  for (const auto& element : object.require(key).as_array()) {
    prefixes.push_back(element.as_prefix());
    if (prefixes.back() != cni::network_of(prefixes.back())) element.reject("must be a prefix without host bits");
  }
  if (prefixes.empty()) object.require(key).reject("must contain at least one prefix");
  return prefixes;
}

Block parse_block(std::uint32_t index, const std::string& text) {
  const cni::JsonDocument document(text, "the file");
  auto object = document.root().as_object();
  return {.index = index, .prefixes = read_prefixes(object, "prefixes"), .pool = read_prefixes(object, "pool")};
}

Block read_block(int folder, const std::string& path, std::uint32_t index) {
  const auto name = block_file_name(index);
  const auto text = posix::find_content(folder, name, largest_file);
  try {
    return parse_block(index, text.value_or(std::string{}));
  } catch (const cni::Error& error) {
    throw cni::Error{cni::ErrorCode::io_failure,
                     "cannot read the block of addresses in " + text::quoted(path + '/' + name) + ": " + error.message,
                     "delete the file and restart veth-node, which writes it again"};
  }
}

std::optional<posix::FileDescriptor> open_folder(const std::string& path) {
  return posix::find_file(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
}

std::string json_of(const std::vector<cni::Prefix>& prefixes) {
  return '[' +
         text::joined(prefixes, ",", [](const cni::Prefix& prefix) { return '"' + cni::to_string(prefix) + '"'; }) +
         ']';
}

void create_folder(const std::string& path) {
  for (auto end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const auto part = path.substr(0, end);
    if (::mkdir(part.c_str(), private_directory) < 0 && errno != EEXIST)
      posix::throw_errno("create " + text::quoted(part));
    if (end == std::string::npos) return;
  }
}

[[noreturn]] void throw_locked(const std::string& path) {
  throw cni::Error{cni::ErrorCode::try_again_later,
                   "another process holds the lock of " + text::quoted(path) + " for more than 10 s",
                   "find it with: fuser -v " + path};
}

bool has_taken_address(const Block& block, const Folder& folder) {
  return std::ranges::any_of(folder.records.networks(), [&](const std::string& network) {
    return std::ranges::any_of(folder.addresses.list_addresses(network), [&](const cni::IpAddress& address) {
      return std::ranges::any_of(block.prefixes,
                                 [&](const cni::Prefix& prefix) { return cni::contains(prefix, address); });
    });
  });
}

}  // namespace

std::string block_file_name(std::uint32_t index) {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr unsigned bits_per_digit = 4;
  std::string name;
  for (; index != 0; index >>= bits_per_digit) name.insert(name.begin(), digits[index & 0xfU]);
  return name.insert(0, name_digits - std::min(name_digits, name.size()), '0');
}

std::vector<std::string> block_pools(const std::string& root) {
  const auto folder = open_folder(root);
  if (!folder) return {};
  auto names = names_in(folder->get());
  std::erase_if(names, [](const std::string& name) { return name.starts_with('.'); });
  std::ranges::sort(names);
  return names;
}

std::vector<Block> read_blocks(const std::string& pool, const std::string& root) {
  const auto path = folder_of(pool, root);
  const auto folder = open_folder(path);
  std::vector<Block> blocks;
  if (!folder) return blocks;
  for (const auto& name : names_in(folder->get())) {
    if (const auto index = index_of(name)) blocks.push_back(read_block(folder->get(), path, *index));
  }
  std::ranges::sort(blocks, {}, &Block::index);
  return blocks;
}

std::optional<Block> find_block(const std::string& pool, std::uint32_t index, const std::string& root) try {
  const auto path = folder_of(pool, root);
  const auto folder = open_folder(path);
  return folder ? std::optional{read_block(folder->get(), path, index)} : std::nullopt;
} catch (const cni::Error&) {
  return std::nullopt;
}

posix::FileDescriptor lock_blocks(const std::string& pool, const std::string& root) {
  auto folder = open_folder(folder_of(pool, root));
  if (!folder) return {};
  if (!posix::take_shared_file_lock(*folder, lock_timeout)) throw_locked(folder_of(pool, root));
  return *std::move(folder);
}

void write_block(const std::string& pool, const Block& block, const std::string& root) {
  const auto folder = folder_of(pool, root);
  create_folder(folder);
  posix::replace_file(folder + '/' + block_file_name(block.index),
                      "{\"prefixes\":" + json_of(block.prefixes) + ",\"pool\":" + json_of(block.pool) + "}\n",
                      posix::Durability::power_failure);
}

bool remove_block(const std::string& pool, std::uint32_t index, const std::function<bool(const Block&)>& is_in_use,
                  const std::string& root) {
  const auto path = folder_of(pool, root);
  const auto folder = open_folder(path);
  if (!folder) return true;
  if (!posix::take_file_lock(*folder, lock_timeout)) throw_locked(path);
  const auto name = block_file_name(index);
  if (::faccessat(folder->get(), name.c_str(), F_OK, 0) < 0) return true;
  try {
    if (is_in_use(read_block(folder->get(), path, index))) return false;
  } catch (const cni::Error& error) {
    if (error.code != static_cast<unsigned>(cni::ErrorCode::io_failure)) throw;
    return false;  // a damaged file does not contain which addresses must not be in use
  }
  if (::unlinkat(folder->get(), name.c_str(), 0) < 0 && errno != ENOENT)
    posix::throw_errno("remove " + text::quoted(path + '/' + name));
  return true;
}

bool has_taken_address(const Block& block, const std::string& state_root) {
  const auto folder = Folder::find(state_root);
  if (!folder) return false;
  if (has_taken_address(block, *folder)) return true;
  return std::ranges::any_of(folder->data_dirs(), [&](const std::string& root) {
    const auto other = root == state_root ? std::nullopt : Folder::find(root);
    return other && has_taken_address(block, *other);
  });
}

}  // namespace state
