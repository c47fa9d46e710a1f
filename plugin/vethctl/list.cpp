#include "plugin/vethctl/report/list.hpp"

#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/networks.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/json.hpp"
#include "plugin/vethctl/selection.hpp"

namespace vethctl {
namespace {

int list(const Arguments& arguments, const Console& console) {
  kernel::LinuxKernel kernel;
  kernel::LinuxInspector inspector{kernel};
  const auto folders = inspect::open_folders(console.root, console.configurations);
  auto attachments = inspect::read_attachments(inspector, folders);
  if (!arguments.operands.empty()) {
    const auto& word = arguments.operands.front();
    if (inspect::is_network(word, inspector, folders)) {
      std::erase_if(attachments, [&](const auto& attachment) { return attachment.identity.network != word; });
    } else {
      attachments = select(attachments, word);
    }
  }
  console.print(arguments.wants_json() ? report::json(attachments) : report::list(attachments, console.width));
  return success;
}

}  // namespace

Command list_command() {
  return {.name = "list",
          .operands = "[NETWORK]",
          .max_operands = 1,
          .summary = "list the attachments of this node",
          .description =
              "Lists the attachments of one network or of all, sorted by network, container and interface.\n\nStates: "
              "\"live\": record and interface exist. \"in flight\": an ADD, CHECK or DEL is running. \"incomplete\": "
              "stale, the ADD did not finish. \"broken\": stale, the interface is missing. \"unreadable\": the record "
              "cannot be read. \"unrecorded\": an interface of the plugin without a record.",
          .options = {output_option()},
          .examples = {"vethctl list", "vethctl list pods --output json"},
          .run = list,
          .alias = "ls"};
}

}  // namespace vethctl
