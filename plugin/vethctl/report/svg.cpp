#include "plugin/vethctl/report/svg.hpp"

#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/svg_layout.hpp"

#include <cmath>

namespace report {
namespace {

constexpr const char* style_element =
    "  <style>\n"
    "    text { font-family: \"DejaVu Sans Mono\", Menlo, Consolas, monospace; font-size: 12px; fill: #1f2933; }\n"
    "    .host { fill: #f4f6f8; stroke: #9aa5b1; }\n"
    "    .host.inner { stroke: none; }\n"
    "    .bridge { fill: #e3f3e6; stroke: #5b9a68; }\n"
    "    .space { fill: #ffffff; stroke: #9aa5b1; }\n"
    "    .port { fill: #dbe9fb; stroke: #4a7fc1; }\n"
    "    .title { font-size: 13px; font-weight: bold; }\n"
    "    .heading { font-size: 15px; font-weight: bold; }\n"
    "    .name { font-weight: bold; }\n"
    "    .quiet { font-size: 11px; fill: #616e7c; }\n"
    "    .service { font-size: 11px; fill: #2f6f4f; }\n"
    "    .cable { fill: none; stroke: #4a7fc1; stroke-width: 1.8; }\n"
    "    .between { stroke: #8559b5; }\n"
    "    .plug { fill: #4a7fc1; }\n"
    "    .plug.between { fill: #8559b5; stroke: none; }\n"
    "    .fault { stroke: #c8372d; stroke-dasharray: 5 4; }\n"
    "    .passing-words { font-size: 11px; fill: #b7791f; }\n"
    "    .fault-words { font-size: 11px; fill: #c8372d; }\n"
    "    .passing { stroke: #b7791f; stroke-dasharray: 2 3; }\n"
    "  </style>\n";

/// Tenths of a pixel are enough.
std::string number(double value) {
  const auto tenths = std::lround(value * 10);
  const auto whole = std::to_string(tenths / 10);
  return tenths % 10 == 0 ? whole : whole + '.' + std::to_string(std::abs(tenths % 10));
}

std::string attribute(const char* name, double value) { return std::string{" "} + name + "=\"" + number(value) + '"'; }

std::string rectangle(const Rectangle& box, const std::string& style_class, double rounding) {
  return "  <rect class=\"" + style_class + '"' + attribute("x", box.x) + attribute("y", box.y) +
         attribute("width", box.width) + attribute("height", box.height) + attribute("rx", rounding) + "/>\n";
}

/// `middle` is the left end of the text line at half its height.
std::string text(const Point& middle, const std::string& style_class, const std::string& content) {
  constexpr double half_height = 4.2;
  return "  <text class=\"" + style_class + '"' + attribute("x", middle.x) + attribute("y", middle.y + half_height) +
         '>' + xml(content) + "</text>\n";
}

/// One text line for each string, the first at `first`.
std::string lines(Point first, const std::string& style_class, const std::vector<std::string>& all) {
  std::string result;
  for (const auto& line : all) {
    result += text(first, style_class, line);
    first.y += line_height;
  }
  return result;
}

/// Several parts are drawn twice, the second time without border, so that no border is left between them.
std::string host_box(const std::vector<Rectangle>& parts) {
  std::string result;
  for (const auto& part : parts) result += rectangle(part, "host", 10);
  if (parts.size() == 1) return result;
  constexpr double border = 0.5;
  for (const auto& part : parts) {
    result += rectangle({part.x + border, part.y + border, part.width - 2 * border, part.height - 2 * border},
                        "host inner", 10);
  }
  return result;
}

std::string host(const Picture& picture, const std::vector<Rectangle>& parts) {
  const auto& box = parts.front();
  const Point corner{box.x + padding, box.y + padding + line_height / 2};
  std::vector<std::string> details;
  for (const auto& gateway : picture.gateways) details.push_back("lo  " + gateway);
  if (picture.namespaces.empty()) details.emplace_back("no attachments");
  return host_box(parts) + text(corner, "heading", "host " + picture.host) +
         lines({corner.x, corner.y + 1.25 * line_height}, "quiet", details);
}

std::string bridge(const Picture& picture, const BridgePart& part) {
  const auto& bridge = picture.bridges[part.bridge];
  const Point corner{part.box.x + padding, part.box.y + padding / 2 + line_height / 2};
  return rectangle(part.box, bridge.mac == cni::MacAddress{} ? "bridge fault" : "bridge", 8) +
         text(corner, "title", bridge_title(bridge, part.is_continued)) +
         (part.is_continued ? "" : lines({corner.x, corner.y + line_height}, "quiet", format_bridge(bridge)));
}

std::string state_class(inspect::State state) {
  if (state == inspect::State::live) return "";
  return state == inspect::State::in_flight ? " passing" : " fault";
}

std::string state_text_class(inspect::State state) {
  if (state == inspect::State::live) return "quiet";
  return state == inspect::State::in_flight ? "passing-words" : "fault-words";
}

std::string interface(const NamespaceBox& netns, std::size_t index, const Rectangle& box) {
  const auto& shown = netns.interfaces[index];
  const double middle = box.y + interface_offset(netns, index);
  const double left = box.x + address_offset(netns);
  const double after_addresses = middle + static_cast<double>(shown.addresses.size()) * line_height;
  return text({box.x + padding, middle}, "name", shown.name) +
         text({box.x + padding, middle + line_height}, state_text_class(shown.state), caption(shown)) +
         lines({left, middle}, "address", shown.addresses) + lines({left, after_addresses}, "service", shown.services);
}

std::string namespace_text(const NamespaceBox& netns, const Rectangle& box) {
  const Point corner{box.x + padding, box.y + padding / 2 + line_height / 2};
  std::string result = rectangle(box, "space", 8) + text(corner, "title", netns.title);
  if (!netns.subtitle.empty()) result += text({corner.x, corner.y + line_height}, "quiet", netns.subtitle);
  for (std::size_t i = 0; i < netns.interfaces.size(); ++i) result += interface(netns, i, box);
  return result;
}

std::string coordinates(const Point& point) { return number(point.x) + ' ' + number(point.y); }

/// A curve that is horizontal at both ends.
std::string path(const Curve& curve) {
  const double reach = curve.is_arc ? 70 : (curve.end.x - curve.start.x) / 2;
  const double back = curve.is_arc ? -reach : reach;
  return "M " + coordinates(curve.start) + " C " + coordinates({curve.start.x + reach, curve.start.y}) + ", " +
         coordinates({curve.end.x - back, curve.end.y}) + ", " + coordinates(curve.end);
}

std::string plug(const Point& center, const std::string& kind) {
  constexpr double radius = 4;
  return "  <circle class=\"plug" + kind + '"' + attribute("cx", center.x) + attribute("cy", center.y) +
         attribute("r", radius) + "/>\n";
}

std::string pair_text(const VethPair& shown, const Curve& curve) {
  const std::string kind = shown.other ? " between" : "";
  return "  <path class=\"cable" + kind + state_class(shown.state) + "\" d=\"" + path(curve) + "\"/>\n" +
         plug(curve.start, kind) + plug(curve.end, kind);
}

std::string port(const VethPair& shown, const Rectangle& box) {
  if (shown.other) return {};
  return rectangle(box, "port", box.height / 2) +
         text({box.x + padding, box.y + box.height / 2}, "address", shown.host_interface);
}

std::string opening(const Point& size) {
  const auto width = number(size.x);
  const auto height = number(size.y);
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + width +
         "\" height=\"" + height + "\" viewBox=\"0 0 " + width + ' ' + height + "\">\n";
}

}  // namespace

std::string svg(const inspect::Node& node) {
  const auto drawing = picture(node);
  const auto layout = lay_out(drawing);
  std::string result = opening(layout.size) + "  <title>" + xml("network of " + drawing.host) + "</title>\n" +
                       style_element + "  <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n" +
                       host(drawing, layout.host);
  for (const auto& part : layout.bridges) result += bridge(drawing, part);
  for (std::size_t i = 0; i < drawing.namespaces.size(); ++i)
    result += namespace_text(drawing.namespaces[i], layout.namespaces[i]);
  for (std::size_t i = 0; i < drawing.pairs.size(); ++i) result += port(drawing.pairs[i], layout.ports[i]);
  for (std::size_t i = 0; i < drawing.pairs.size(); ++i) result += pair_text(drawing.pairs[i], layout.pairs[i]);
  return result + "</svg>\n";
}

}  // namespace report
