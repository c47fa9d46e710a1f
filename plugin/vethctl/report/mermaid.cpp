#include "plugin/vethctl/report/mermaid.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/picture.hpp"
#include "plugin/vethctl/report/words.hpp"

namespace report {
namespace {

std::string box(const std::string& indent, const std::string& name, const std::string& label) {
  return indent + name + '[' + mermaid_string(label) + "]\n";
}

std::string ports(const Picture& picture, const std::string& bridge, const std::string& indent) {
  std::string text;
  for (std::size_t i = 0; i < picture.cables.size(); ++i) {
    const auto& cable = picture.cables[i];
    if (!cable.other && cable.bridge == bridge) text += box(indent, port_id(i), cable.host_interface);
  }
  return text;
}

std::string host(const Picture& picture) {
  std::string text = "  subgraph host[" + mermaid_string("host " + picture.host) + "]\n";
  text += box("    ", "lo", picture.gateways.empty() ? "lo" : "lo\n" + text::joined(picture.gateways, "\n"));
  text += ports(picture, "", "    ");
  for (std::size_t i = 0; i < picture.bridges.size(); ++i) {
    const auto& bridge = picture.bridges[i];
    const auto label = "bridge " + bridge.name + ' ' + text::joined(bridge_words(bridge), " ");
    text += "    subgraph bridge" + std::to_string(i) + '[' + mermaid_string(label) + "]\n" +
            ports(picture, bridge.name, "      ") + "    end\n";
  }
  return text + "  end\n";
}

std::string space(const Picture& picture, std::size_t number) {
  const auto& space = picture.spaces[number];
  std::string text = "  subgraph space" + std::to_string(number) + '[' + mermaid_string(label(space)) + "]\n";
  for (std::size_t i = 0; i < space.interfaces.size(); ++i) {
    text += box("    ", box_id({number, i}), label(space.interfaces[i]));
  }
  return text + "  end\n";
}

std::string cable(const Picture& picture, std::size_t number) {
  const auto& cable = picture.cables[number];
  const bool is_live = cable.state == inspect::State::live;
  return "  " + (cable.other ? box_id(*cable.other) : port_id(number)) + (is_live ? " ---|" : " -.-|") +
         mermaid_string(label(picture, cable)) + "| " + box_id(cable.end) + '\n';
}

}  // namespace

std::string mermaid(const inspect::Node& node) {
  const auto drawing = picture(node);
  std::string text = "flowchart LR\n" + host(drawing);
  for (std::size_t i = 0; i < drawing.spaces.size(); ++i) text += space(drawing, i);
  for (std::size_t i = 0; i < drawing.cables.size(); ++i) text += cable(drawing, i);
  return text;
}

}  // namespace report
