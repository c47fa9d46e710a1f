#include "plugin/vethctl/report/dot.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/picture.hpp"
#include "plugin/vethctl/report/words.hpp"

namespace report {
namespace {

std::string node_line(const std::string& name, const std::string& label, const char* color) {
  return name + " [label=" + dot_string(label) + ", fillcolor=\"" + color + "\"];\n";
}

std::string ports(const Picture& picture, const std::string& bridge, const std::string& indent) {
  std::string text;
  for (std::size_t i = 0; i < picture.cables.size(); ++i) {
    const auto& cable = picture.cables[i];
    if (!cable.other && cable.bridge == bridge) text += indent + node_line(port_id(i), cable.host_interface, "#dbe9fb");
  }
  return text;
}

std::string bridges(const Picture& picture) {
  std::string text;
  for (std::size_t i = 0; i < picture.bridges.size(); ++i) {
    const auto& bridge = picture.bridges[i];
    text += "    subgraph cluster_bridge" + std::to_string(i) +
            " {\n      label=" + dot_string("bridge " + bridge.name + '\n' + text::joined(bridge_words(bridge), " ")) +
            ";\n" + ports(picture, bridge.name, "      ") + "    }\n";
  }
  return text;
}

/// A cluster is not drawn where nothing is in it.
std::string host(const Picture& picture) {
  const auto lo = "lo\n" + text::joined(picture.gateways, "\n");
  return "  subgraph cluster_host {\n    label=" + dot_string("host " + picture.host) + ";\n    " +
         node_line("lo", picture.gateways.empty() ? "lo" : lo, "#f0f0f0") + ports(picture, "", "    ") +
         bridges(picture) + "  }\n";
}

std::string space(const Picture& picture, std::size_t number) {
  const auto& space = picture.spaces[number];
  std::string text =
      "  subgraph cluster_space" + std::to_string(number) + " {\n    label=" + dot_string(label(space)) + ";\n";
  for (std::size_t i = 0; i < space.interfaces.size(); ++i) {
    text += "    " + node_line(box_id({number, i}), label(space.interfaces[i]), "#ffffff");
  }
  return text + "  }\n";
}

std::string cable(const Picture& picture, std::size_t number) {
  const auto& cable = picture.cables[number];
  const bool is_live = cable.state == inspect::State::live;
  return "  " + (cable.other ? box_id(*cable.other) : port_id(number)) + " -- " + box_id(cable.end) +
         " [label=" + dot_string(label(picture, cable)) + (is_live ? "" : ", style=dashed") + "];\n";
}

}  // namespace

std::string dot(const inspect::Node& node) {
  const auto drawing = picture(node);
  std::string text = "graph " + dot_string(drawing.host) +
                     " {\n  rankdir=LR;\n  fontname=\"sans-serif\";\n"
                     "  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", fontsize=11];\n"
                     "  edge [fontname=\"sans-serif\", fontsize=10];\n" +
                     host(drawing);
  for (std::size_t i = 0; i < drawing.spaces.size(); ++i) text += space(drawing, i);
  for (std::size_t i = 0; i < drawing.cables.size(); ++i) text += cable(drawing, i);
  return text + "}\n";
}

}  // namespace report
