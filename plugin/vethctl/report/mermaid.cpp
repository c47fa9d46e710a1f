#include "plugin/vethctl/report/mermaid.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/format.hpp"
#include "plugin/vethctl/report/picture.hpp"

namespace report {
namespace {

std::string box(const std::string& indent, const std::string& name, const std::string& label) {
  return indent + name + '[' + mermaid_string(label) + "]\n";
}

std::string port_boxes(const Picture& picture, const std::string& bridge, const std::string& indent) {
  std::string text;
  for (std::size_t i = 0; i < picture.pairs.size(); ++i) {
    const auto& pair = picture.pairs[i];
    if (!pair.other && pair.bridge == bridge) text += box(indent, port_id(i), pair.host_interface);
  }
  return text;
}

std::string host_subgraph(const Picture& picture) {
  std::string text = "  subgraph host[" + mermaid_string("host " + picture.host) + "]\n";
  text += box("    ", "lo", picture.gateways.empty() ? "lo" : "lo\n" + text::joined(picture.gateways, "\n"));
  text += port_boxes(picture, "", "    ");
  for (std::size_t i = 0; i < picture.bridges.size(); ++i) {
    const auto& bridge = picture.bridges[i];
    const auto label = "bridge " + bridge.name + ' ' + text::joined(format_bridge(bridge), " ");
    text += "    subgraph bridge" + std::to_string(i) + '[' + mermaid_string(label) + "]\n" +
            port_boxes(picture, bridge.name, "      ") + "    end\n";
  }
  return text + "  end\n";
}

std::string namespace_subgraph(const Picture& picture, std::size_t number) {
  const auto& netns = picture.namespaces[number];
  std::string text = "  subgraph space" + std::to_string(number) + '[' + mermaid_string(label(netns)) + "]\n";
  for (std::size_t i = 0; i < netns.interfaces.size(); ++i) {
    text += box("    ", box_id({number, i}), label(netns.interfaces[i]));
  }
  return text + "  end\n";
}

std::string pair_link(const Picture& picture, std::size_t number) {
  const auto& pair = picture.pairs[number];
  const bool is_live = pair.state == inspect::State::live;
  return "  " + (pair.other ? box_id(*pair.other) : port_id(number)) + (is_live ? " ---|" : " -.-|") +
         mermaid_string(label(picture, pair)) + "| " + box_id(pair.end) + '\n';
}

}  // namespace

std::string mermaid(const inspect::Node& node) {
  const auto drawing = picture(node);
  std::string text = "flowchart LR\n" + host_subgraph(drawing);
  for (std::size_t i = 0; i < drawing.namespaces.size(); ++i) text += namespace_subgraph(drawing, i);
  for (std::size_t i = 0; i < drawing.pairs.size(); ++i) text += pair_link(drawing, i);
  return text;
}

}  // namespace report
