#include "plugin/vethctl/report/show.hpp"

#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/detail.hpp"
#include "plugin/vethctl/inspect/find_attachment.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/json.hpp"

namespace vethctl {
namespace {

int show(const Arguments& arguments, const Console& console) {
  kernel::LinuxKernel kernel;
  kernel::LinuxInspector inspector{kernel};
  const auto folders = inspect::open_folders(console.root, console.configurations);
  const auto attachments = inspect::read_attachments(inspector, folders);
  const auto& attachment = inspect::find_attachment(attachments, arguments.operands.front());
  const auto detail = inspect::look_closely(inspector, folders, attachment);
  console.print(arguments.wants_json() ? report::json(detail) : report::show(detail, console.width));
  return success;
}

}  // namespace

Command show_command() {
  return {.name = "show",
          .operands = "ATTACHMENT",
          .least = 1,
          .most = 1,
          .summary = "show all about one attachment",
          .description =
              "Shows what is wanted of both ends of an attachment beside what the kernel has of them, what went "
              "through them, and the differences.\n\nATTACHMENT is a container or the beginning of its ID, "
              "NETWORK/CONTAINER/INTERFACE, or the name of the host's interface.",
          .options = {output_option()},
          .run = show};
}

}  // namespace vethctl
