#include "plugin/veth_node/block_files.hpp"

#include "plugin/cluster/entries.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/replace_file.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/state/directory_reader.hpp"
#include "plugin/state/location.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>

namespace veth_node {
namespace {

constexpr std::string_view hidden_ending = ".hidden";

std::vector<std::string> names_in(const std::string& path) {
  const auto directory = posix::find_file(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
  return directory ? state::names_in(directory->get()) : std::vector<std::string>{};
}

void write_prefixes(cni::JsonWriter& json, std::string_view key, const std::vector<cni::Prefix>& prefixes) {
  json.key(key);
  json.begin_array();
  for (const auto& prefix : prefixes) json.string(cni::to_string(prefix));
  json.end_array();
}

std::string text_of(const cluster::BlockId& block, const cluster::Pool& pool) {
  cni::JsonWriter json{0};
  json.begin_object();
  write_prefixes(json, "prefixes", cluster::block_prefixes(pool, block.index));
  write_prefixes(json, "pool", pool.prefixes);
  json.end_object();
  return json.finished();
}

std::vector<cni::Prefix> read_prefixes(std::string_view text) {
  const cni::JsonDocument document{text, "the file of a block"};
  auto object = document.root().as_object();
  std::vector<cni::Prefix> prefixes;
  for (const auto& element : object.require("prefixes").as_array()) prefixes.push_back(element.as_prefix());
  return prefixes;
}

/// False if the file does not exist.
bool rename_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  posix::throw_errno("rename " + text::quoted(from) + " to " + text::quoted(to));
}

}  // namespace

std::vector<std::string> BlockFiles::pools() const {
  auto names = names_in(root_);
  std::erase_if(names, [](const std::string& name) { return !cluster::is_name(name); });
  std::ranges::sort(names);
  return names;
}

std::set<std::uint32_t> BlockFiles::list(const std::string& pool) const {
  std::set<std::uint32_t> blocks;
  for (const auto& name : names_in(folder_of(pool))) {
    if (const auto index = cluster::find_block_index(name)) blocks.insert(*index);
  }
  return blocks;
}

std::set<std::uint32_t> BlockFiles::list_hidden(const std::string& pool) const {
  std::set<std::uint32_t> blocks;
  for (const auto& name : names_in(folder_of(pool))) {
    if (!name.ends_with(hidden_ending)) continue;
    const auto index = cluster::find_block_index(std::string_view{name}.substr(0, name.size() - hidden_ending.size()));
    if (index) blocks.insert(*index);
  }
  return blocks;
}

std::optional<std::vector<cni::Prefix>> BlockFiles::find(const cluster::BlockId& block) const try {
  constexpr std::size_t limit = 4096;
  const auto text = posix::find_content(AT_FDCWD, path_of(block), limit);
  return text ? std::optional{read_prefixes(*text)} : std::nullopt;
} catch (const cni::Error&) {
  return std::nullopt;
}

void BlockFiles::write(const cluster::BlockId& block, const cluster::Pool& pool) const {
  state::make_parents(path_of(block));
  posix::replace_file(path_of(block), text_of(block, pool));
}

void BlockFiles::hide(const cluster::BlockId& block) const { rename_file(path_of(block), hidden_path_of(block)); }
void BlockFiles::show(const cluster::BlockId& block) const { rename_file(hidden_path_of(block), path_of(block)); }

void BlockFiles::remove_hidden(const cluster::BlockId& block) const {
  const auto path = hidden_path_of(block);
  if (::unlink(path.c_str()) < 0 && errno != ENOENT) posix::throw_errno("remove " + text::quoted(path));
}

std::string BlockFiles::path_of(const cluster::BlockId& block) const {
  return folder_of(block.pool) + '/' + cluster::block_name(block.index);
}

std::string BlockFiles::hidden_path_of(const cluster::BlockId& block) const {
  return path_of(block) + std::string{hidden_ending};
}

}  // namespace veth_node
