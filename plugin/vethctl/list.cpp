#include "plugin/vethctl/report/list.hpp"

#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/networks.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/json.hpp"
#include "plugin/vethctl/selection.hpp"
#include "plugin/vethctl/table_format.hpp"
#include "plugin/vethctl/watch.hpp"

namespace vethctl {
namespace {

std::string to_text(const std::vector<inspect::Attachment>& attachments, const Arguments& arguments,
                    const Console& console) {
  if (arguments.wants_json()) return report::json(attachments);
  if (!arguments.has("quiet")) return report::list(attachments, table_format(arguments, console));
  std::string names;
  for (const auto& attachment : attachments) names += inspect::name_of(attachment) + '\n';
  return names;
}

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
  console.print(to_text(attachments, arguments, console));
  return success;
}

}  // namespace

Command list_command() {
  return {.name = "list",
          .operands = "[NETWORK | ATTACHMENT]",
          .max_operands = 1,
          .summary = "list the attachments of this node",
          .description =
              "Lists the attachments of one network, those that ATTACHMENT names, or all, sorted by network, container "
              "and interface. OTHER END is the interface on the host with the bridge that it is a port of, or "
              "interface and addresses in a second namespace.\n\n" +
              std::string{attachment_operand_help} +
              "\n\nStates: "
              "\"live\": record and interface exist. \"in flight\": an ADD, CHECK or DEL is running. \"incomplete\": "
              "stale, the ADD did not finish. \"broken\": stale, the interface is missing. \"unreadable\": the record "
              "cannot be read. \"unrecorded\": an interface of the plugin without a record.",
          .options = {table_output_option(),
                      no_headers_option(),
                      {.name = "quiet", .help = "print only the names of the attachments", .letter = 'q'},
                      watch_option()},
          .examples = {"vethctl list", "vethctl list pods -o json", "vethctl list 10.244.1.7", "vethctl list -w 5"},
          .run =
              [](const Arguments& arguments, const Console& console) {
                return watched(
                    arguments, console, [&](const Console& round) { return list(arguments, round); }, sleep);
              },
          .alias = "ls"};
}

}  // namespace vethctl
