#include "plugin/vethctl/report/list.hpp"

#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/networks.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/json.hpp"

namespace vethctl {
namespace {

int list(const Arguments& arguments, const Console& console) {
  kernel::LinuxKernel kernel;
  kernel::LinuxInspector inspector{kernel};
  const auto folders = inspect::open_folders(console.root, console.configurations);
  auto attachments = inspect::read_attachments(inspector, folders);
  if (!arguments.operands.empty()) {
    inspect::require_network(arguments.operands.front(), inspector, folders);
    std::erase_if(attachments, [&](const inspect::Attachment& attachment) {
      return attachment.identity.network != arguments.operands.front();
    });
  }
  console.print(arguments.wants_json() ? report::json(attachments) : report::list(attachments, console.width));
  return success;
}

}  // namespace

Command list_command() {
  return {.name = "list",
          .operands = "[NETWORK]",
          .most = 1,
          .summary = "list the attachments of this node",
          .description =
              "Lists what is attached, of all networks or of one: sorted by network, container and interface.\n\nSTATE "
              "is \"live\"; \"in flight\" while an ADD, CHECK or DEL is at work on it; \"remains\" of an ADD that "
              "never ended; \"broken\" where the record stands but not the interface; \"unreadable\" where the record "
              "cannot be read; \"unrecorded\" for an interface of ours without a record.",
          .options = {output_option()},
          .run = list};
}

}  // namespace vethctl
