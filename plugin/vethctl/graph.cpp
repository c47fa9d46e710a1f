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
#include "plugin/vethctl/watch.hpp"

namespace vethctl {
namespace {

std::string draw(const inspect::Node& node, const std::string& format, std::size_t width) {
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
  const auto format = arguments.value("format").value_or(arguments.wants_json() ? "json" : "tree");
  if (arguments.wants_json() && format != "json") {
    throw UsageError{"--format " + format + " and --output cannot be combined. Remove one of them"};
  }
  (format == "tree" ? console.print : console.write)(draw(node, format, console.width));
  return success;
}

}  // namespace

Command graph_command() {
  return {
      .name = "graph",
      .summary = "draw the container networks of this node",
      .description =
          "Draws the host with its bridges, the network namespaces of containers with their addresses, and the "
          "veth pairs between them.\n\nFormats: tree for the terminal, svg for a picture, dot for Graphviz, mermaid "
          "for Markdown, json for programs.",
      .options = {{.name = "format",
                   .value = "FORMAT",
                   .help = "tree (default), svg, dot, mermaid or json",
                   .choices = {"tree", "svg", "dot", "mermaid", "json"}},
                  output_option(),
                  watch_option()},
      .examples = {"vethctl graph", "vethctl graph --format svg > node.svg", "vethctl graph --watch"},
      .run = [](const Arguments& arguments, const Console& console) {
        return watched(
            arguments, console, [&](const Console& round) { return graph(arguments, round); }, sleep);
      }};
}

}  // namespace vethctl
