#include "plugin/veth_node/block_files.hpp"

#include "plugin/cluster/entries.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/state/blocks.hpp"
#include "plugin/state/directory_reader.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>

namespace veth_node {
namespace {

constexpr std::string_view hidden_ending = ".hidden";

std::vector<std::string> names_in(const std::string& path) {
  const auto directory = posix::find_file(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
  return directory ? state::names_in(directory->get()) : std::vector<std::string>{};
}

/// False if the file does not exist.
bool rename_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  posix::throw_errno("rename " + text::quoted(from) + " to " + text::quoted(to));
}

}  // namespace

std::vector<std::string> BlockFiles::pools() const {
  auto names = state::block_pools(root_);
  std::erase_if(names, [](const std::string& name) { return !cluster::is_name(name); });
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

std::optional<std::vector<cni::Prefix>> BlockFiles::find(const cluster::BlockId& block) const {
  auto found = state::find_block(block.pool, block.index, root_);
  return found ? std::optional{std::move(found->prefixes)} : std::nullopt;
}

void BlockFiles::write(const cluster::BlockId& block, const cluster::Pool& pool) const {
  state::write_block(
      block.pool, {.index = block.index, .prefixes = cluster::block_prefixes(pool, block.index), .pool = pool.prefixes},
      root_);
}

bool BlockFiles::remove(const cluster::BlockId& block,
                        const std::function<bool(const std::vector<cni::Prefix>&)>& is_in_use) const {
  return state::remove_block(
      block.pool, block.index, [&](const state::Block& found) { return is_in_use(found.prefixes); }, root_);
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
