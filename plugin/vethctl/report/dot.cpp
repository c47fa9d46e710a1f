#include "plugin/vethctl/report/dot.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/format.hpp"
#include "plugin/vethctl/report/picture.hpp"

namespace report {
namespace {

std::string node_line(const std::string& name, const std::string& label, const char* color) {
  return name + " [label=" + dot_string(label) + ", fillcolor=\"" + color + "\"];\n";
}

std::string ports(const Picture& picture, const std::string& bridge, const std::string& indent) {
  std::string text;
  for (std::size_t i = 0; i < picture.pairs.size(); ++i) {
    const auto& pair = picture.pairs[i];
    if (!pair.other && pair.bridge == bridge) text += indent + node_line(port_id(i), pair.host_interface, "#dbe9fb");
  }
  return text;
}

std::string bridges(const Picture& picture) {
  std::string text;
  for (std::size_t i = 0; i < picture.bridges.size(); ++i) {
    const auto& bridge = picture.bridges[i];
    text += "    subgraph cluster_bridge" + std::to_string(i) +
            " {\n      label=" + dot_string("bridge " + bridge.name + '\n' + text::joined(format_bridge(bridge), " ")) +
            ";\n" + ports(picture, bridge.name, "      ") + "    }\n";
  }
  return text;
}

/// Graphviz does not draw an empty cluster: "lo" is always in it.
std::string host(const Picture& picture) {
  const auto lo = "lo\n" + text::joined(picture.gateways, "\n");
  return "  subgraph cluster_host {\n    label=" + dot_string("host " + picture.host) + ";\n    " +
         node_line("lo", picture.gateways.empty() ? "lo" : lo, "#f0f0f0") + ports(picture, "", "    ") +
         bridges(picture) + "  }\n";
}

std::string namespace_text(const Picture& picture, std::size_t number) {
  const auto& netns = picture.namespaces[number];
  std::string text =
      "  subgraph cluster_space" + std::to_string(number) + " {\n    label=" + dot_string(label(netns)) + ";\n";
  for (std::size_t i = 0; i < netns.interfaces.size(); ++i) {
    text += "    " + node_line(box_id({number, i}), label(netns.interfaces[i]), "#ffffff");
  }
  return text + "  }\n";
}

std::string pair_text(const Picture& picture, std::size_t number) {
  const auto& pair = picture.pairs[number];
  const bool is_live = pair.state == inspect::State::live;
  return "  " + (pair.other ? box_id(*pair.other) : port_id(number)) + " -- " + box_id(pair.end) +
         " [label=" + dot_string(label(picture, pair)) + (is_live ? "" : ", style=dashed") + "];\n";
}

}  // namespace

std::string dot(const inspect::Node& node) {
  const auto drawing = picture(node);
  std::string text = "graph " + dot_string(drawing.host) +
                     " {\n  rankdir=LR;\n  fontname=\"sans-serif\";\n"
                     "  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", fontsize=11];\n"
                     "  edge [fontname=\"sans-serif\", fontsize=10];\n" +
                     host(drawing);
  for (std::size_t i = 0; i < drawing.namespaces.size(); ++i) text += namespace_text(drawing, i);
  for (std::size_t i = 0; i < drawing.pairs.size(); ++i) text += pair_text(drawing, i);
  return text + "}\n";
}

}  // namespace report
