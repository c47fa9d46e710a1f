#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/detail.hpp"
#include "plugin/vethctl/inspect/diagnosis.hpp"
#include "plugin/vethctl/inspect/examination.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/dot.hpp"
#include "plugin/vethctl/report/html.hpp"
#include "plugin/vethctl/report/json.hpp"
#include "plugin/vethctl/report/mermaid.hpp"
#include "plugin/vethctl/report/svg.hpp"
#include "plugin/vethctl/report/tree.hpp"
#include "plugin/vethctl/watch.hpp"

#include <array>
#include <ctime>

namespace vethctl {
namespace {

std::string draw(const inspect::Node& node, const std::string& format, std::size_t width) {
  if (format == "dot") return report::dot(node);
  if (format == "mermaid") return report::mermaid(node);
  if (format == "svg") return report::svg(node);
  if (format == "json") return report::json(node);
  return report::tree(node, width);
}

/// "2026-01-31 12:00:00 UTC".
std::string current_time() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  std::array<char, sizeof "2026-01-31 12:00:00 UTC"> text{};
  if (::gmtime_r(&now, &parts) == nullptr) return {};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

/// The findings are those of `vethctl check` without those of the network configurations.
std::string page(kernel::Inspector& inspector, const inspect::Node& node, const inspect::FoundFolders& found) {
  report::Page page{.node = node, .created = current_time()};
  attachment::OvsReader ovs;
  for (const auto& attachment : node.attachments) {
    page.details.push_back(inspect::read_detail(inspector, found.folders, attachment, {.ovs = &ovs}));
  }
  page.findings = inspect::diagnose(inspect::examine(inspector, found, "", ovs));
  return report::html(page);
}

int graph(const Arguments& arguments, const Console& console) {
  kernel::LinuxKernel kernel;
  kernel::LinuxInspector inspector{kernel};
  const auto format = arguments.value("format").value_or(arguments.wants_json() ? "json" : "tree");
  if (arguments.wants_json() && format != "json") {
    throw UsageError{"--format " + format + " and --output cannot be combined. Remove one of them"};
  }
  const inspect::FoundFolders found{.folders = inspect::open_folders(console.root, console.configurations)};
  const auto node = inspect::read_node(inspector, found.folders);
  const auto text = format == "html" ? page(inspector, node, found) : draw(node, format, console.width);
  (format == "tree" ? console.print : console.write)(text);
  return success;
}

}  // namespace

Command graph_command() {
  return {
      .name = "graph",
      .summary = "draw the container networks of this node",
      .description =
          "Draws the host with its bridges, the network namespaces of containers with their addresses, and the "
          "veth pairs between them, with mapped ports and rate limits.\n\nFormats: tree for the terminal, svg for a "
          "picture, html for a browser, dot for Graphviz, mermaid for Markdown, json for programs. The HTML file needs "
          "no other file and no network: it has search and filters, the output of show for each attachment, and the "
          "findings of check, except those of the network configurations.",
      .options = {{.name = "format",
                   .value = "FORMAT",
                   .help = "tree (default), svg, html, dot, mermaid or json",
                   .choices = {"tree", "svg", "html", "dot", "mermaid", "json"}},
                  output_option(),
                  watch_option()},
      .examples = {"vethctl graph", "vethctl graph --format svg > node.svg", "vethctl graph --format html > node.html",
                   "vethctl graph --watch"},
      .run = [](const Arguments& arguments, const Console& console) {
        return watched(
            arguments, console, [&](const Console& round) { return graph(arguments, round); }, sleep);
      }};
}

}  // namespace vethctl
