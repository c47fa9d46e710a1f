#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/dot.hpp"
#include "plugin/vethctl/report/json.hpp"
#include "plugin/vethctl/report/mermaid.hpp"
#include "plugin/vethctl/report/svg.hpp"
#include "plugin/vethctl/report/tree.hpp"

namespace vethctl {
namespace {

std::string drawn(const inspect::Node& node, const std::string& format, std::size_t width) {
  if (format == "dot") return report::dot(node);
  if (format == "mermaid") return report::mermaid(node);
  if (format == "svg") return report::svg(node);
  if (format == "json") return report::json(node);
  return report::tree(node, width);
}

int graph(const Arguments& arguments, const Console& console) {
  kernel::LinuxKernel kernel;
  kernel::LinuxInspector inspector{kernel};
  const auto node = inspect::read_node(inspector, inspect::open_folders(console.root, console.configurations));
  const auto usual = arguments.wants_json() ? "json" : "tree";
  console.print(drawn(node, arguments.value("format").value_or(usual), console.width));
  return success;
}

}  // namespace

Command graph_command() {
  return {.name = "graph",
          .summary = "draw the network of this node",
          .description =
              "Draws the host with its bridges, the network namespaces of containers with their addresses, and the "
              "veth pairs between them.\n\ntree is for the terminal; svg is a picture (vethctl graph --format svg "
              ">node.svg); dot is for Graphviz, mermaid for Markdown pages, json for programs.",
          .options = {{.name = "format",
                       .value = "FORMAT",
                       .help = "tree (default), svg, dot, mermaid or json",
                       .choices = {"tree", "svg", "dot", "mermaid", "json"}},
                      output_option()},
          .run = graph};
}

}  // namespace vethctl
