#include "plugin/veth_node/diagnosis/block_faults.hpp"

#include "plugin/veth_node/refusals.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace diagnosis {
namespace {

using inspect::Finding;
using inspect::Severity;

/// "default/0000a3", as `veth-node show` and `release` name it.
std::string name_of(const cluster::BlockId& block) { return block.pool + '/' + cluster::block_name(block.index); }

class Blocks {
 public:
  explicit Blocks(const Examination& examination) : examination_(examination) {}

  std::vector<Finding> run() {
    for (const auto& file : examination_.blocks) add(file);
    if (!examination_.store.failure) add_owned_without_file();
    add_grouped();
    return std::move(findings_);
  }

 private:
  cluster::Owner self() const { return {.node = examination_.config.node, .machine = examination_.machine}; }

  void add(const BlockFile& file) {
    if (file.is_hidden) return add_quarantined(file);
    if (!file.prefixes) return damaged_.push_back(name_of(file.block));
    add_changed_pool(file);
    if (examination_.store.failure) return;
    const auto owner = examination_.store.owners.find(file.block);
    if (owner == examination_.store.owners.end()) return without_owner_.push_back(name_of(file.block));
    if (owner->second != self()) add_foreign(file, owner->second);
  }

  void add_quarantined(const BlockFile& file) {
    auto where = file.containers;
    if (where.empty()) where.push_back("block " + name_of(file.block));
    findings_.push_back({.severity = file.containers.empty() ? Severity::warning : Severity::fault,
                         .what = "block " + name_of(file.block) + owner_text(file.block) +
                                 " and is in quarantine: other containers of the cluster can get the same addresses",
                         .where = std::move(where),
                         .remedy = "replace these containers; new ones get addresses of other blocks"});
  }

  std::string owner_text(const cluster::BlockId& block) const {
    const auto owner = examination_.store.owners.find(block);
    const bool is_known = owner != examination_.store.owners.end() && owner->second != self();
    return is_known ? " belongs to node " + owner->second.node + " in the store" : " belonged to another node";
  }

  void add_foreign(const BlockFile& file, const cluster::Owner& owner) {
    auto where = file.containers;
    if (where.empty()) where.push_back("block " + name_of(file.block));
    const bool is_own_name = owner.node == examination_.config.node;
    findings_.push_back({.what = "block " + name_of(file.block) + " has a file on this node, but belongs to " +
                                 (is_own_name ? "another machine with the name of this node" : "node " + owner.node) +
                                 " in the store: two containers can get the same address",
                         .where = std::move(where),
                         .remedy = "`veth-node run` takes the block out of use: start it; then replace the containers "
                                   "that have addresses of the block"});
  }

  void add_changed_pool(const BlockFile& file) {
    const auto pool = examination_.store.directory.pools.find(file.block.pool);
    if (pool == examination_.store.directory.pools.end()) return;
    const bool is_in_pool = file.block.index < cluster::count_blocks(pool->second);
    if (is_in_pool && cluster::block_prefixes(pool->second, file.block.index) == *file.prefixes) return;
    const auto refusal = veth_node::block_refusal(file.block, file.prefixes->front());
    findings_.push_back(
        {.what = refusal.message, .where = {"block " + name_of(file.block)}, .remedy = refusal.details});
  }

  void add_owned_without_file() {
    for (const auto& [block, owner] : examination_.store.owners) {
      const bool has_file =
          std::ranges::find(examination_.blocks, block, &BlockFile::block) != examination_.blocks.end();
      if (owner == self() && !has_file) without_file_.push_back(name_of(block));
    }
  }

  void add_grouped() {
    add_group(damaged_, Severity::fault, "files of blocks cannot be read: no address of any block is assigned",
              "delete the files below /var/lib/veth-cni/blocks; `veth-node run` writes them again");
    add_group(without_owner_, Severity::warning,
              "blocks of this node have no owner in the store: another node can claim them",
              "`veth-node run` claims them again: start it, or see its log");
    add_group(without_file_, Severity::warning, "blocks belong to this node in the store, but have no file here",
              "`veth-node run` writes the files: start it, or see its log");
  }

  void add_group(std::vector<std::string>& blocks, Severity severity, const char* what, const char* remedy) {
    if (blocks.empty()) return;
    findings_.push_back({.severity = severity, .what = what, .where = std::move(blocks), .remedy = remedy});
  }

  const Examination& examination_;
  std::vector<Finding> findings_{};
  std::vector<std::string> damaged_{};
  std::vector<std::string> without_owner_{};
  std::vector<std::string> without_file_{};
};

}  // namespace

std::vector<Finding> find_block_faults(const Examination& examination) { return Blocks{examination}.run(); }

}  // namespace diagnosis
