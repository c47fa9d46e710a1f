#include "plugin/vethctl/report/show.hpp"

#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/detail.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/json.hpp"
#include "plugin/vethctl/selection.hpp"

namespace vethctl {
namespace {

int show(const Arguments& arguments, const Console& console) {
  kernel::LinuxKernel kernel;
  kernel::LinuxInspector inspector{kernel};
  const auto folders = inspect::open_folders(console.root, console.configurations);
  const auto attachments = inspect::read_attachments(inspector, folders);
  const auto& attachment = select_one(attachments, arguments.operands.front());
  const auto detail = inspect::read_detail(inspector, folders, attachment);
  console.print(arguments.wants_json() ? report::json(detail) : report::show(detail, console.width));
  return success;
}

}  // namespace

Command show_command() {
  return {.name = "show",
          .operands = "ATTACHMENT",
          .min_operands = 1,
          .max_operands = 1,
          .summary = "show one attachment in detail",
          .description =
              "Prints the expected and the actual state of both ends of an attachment, their counters, and the "
              "differences.\n\n" +
              std::string{attachment_operand_help},
          .options = {output_option()},
          .examples = {"vethctl show 4f2a91c07d3b", "vethctl show pods/web/eth0", "vethctl show 10.244.1.7"},
          .run = show};
}

}  // namespace vethctl
