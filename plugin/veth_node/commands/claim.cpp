#include "plugin/cni/error.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/veth_node/commands/node_context.hpp"

#include <charconv>
#include <cstdlib>
#include <system_error>

namespace commands {
namespace {

/// The plugin, which runs this command during an ADD, adds the text to its own error.
bool is_run_by_plugin() { return std::getenv("CNI_COMMAND") != nullptr; }

std::size_t read_count(const std::string& text) {
  std::size_t count = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error == std::errc{} && rest == end) return count;
  throw vethctl::UsageError{"--beyond " + text::quoted(text) + ": must be a number of blocks"};
}

std::optional<cluster::BlockId> claim_block(const Arguments& arguments, const NodeContext& node) {
  const auto pool = arguments.value("pool").value_or("default");
  auto keeper = make_keeper(node);
  if (const auto count = arguments.value("beyond")) return keeper.claim_beyond(read_count(*count), pool);
  return keeper.claim(pool);
}

int claim(const Arguments& arguments, const Console& console) try {
  const auto node = open_node(arguments);
  const auto block = claim_block(arguments, node);
  if (!block) return vethctl::success;
  console.print(to_string(*block, node.files.find(*block).value_or(std::vector<cni::Prefix>{})) + '\n');
  return vethctl::success;
} catch (const cni::Error& error) {
  if (is_run_by_plugin()) console.print(std::string{error.what()} + '\n');
  throw;
}

}  // namespace

Command claim_command() {
  return {
      .name = "claim",
      .summary = "claim one more block of a pool for this node",
      .description =
          "Claims a free block of a pool in the store and writes its file below /var/lib/veth-cni/blocks, where the "
          "plugin takes addresses. `veth-node run` claims blocks ahead; the plugin runs this command if all blocks "
          "of the node are full nevertheless.\n\n"
          "If the pool is not in the configuration, it must be in the store.",
      .options = {{.name = "pool", .value = "NAME", .help = "the pool (default: default)"},
                  {.name = "beyond",
                   .value = "COUNT",
                   .help =
                       "claim only if this node has at most COUNT blocks of the pool: ADDs that find all blocks full "
                       "at the same time claim one together"},
                  config_option()},
      .examples = {"veth-node claim --pool default"},
      .run = claim};
}

}  // namespace commands
