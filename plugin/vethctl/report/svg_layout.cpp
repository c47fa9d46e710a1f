#include "plugin/vethctl/report/svg_layout.hpp"

#include "plugin/vethctl/report/format.hpp"

#include <algorithm>

namespace report {
namespace {

constexpr double margin = 24;
constexpr double gap = 14;          // between boxes of a column
constexpr double column_gap = 110;  // between columns
constexpr double port_height = 24;
constexpr double port_gap = 10;
constexpr double min_box_width = 150;
constexpr double heading_factor = 1.27;  // of widths: 15 pixels, bold
constexpr double title_factor = 1.1;     // 13 pixels

double width_of_text(const std::string& text) { return static_cast<double>(display_width(text)) * character_width; }

double widest(const std::vector<std::string>& texts) {
  double width = 0;
  for (const auto& text : texts) width = std::max(width, width_of_text(text));
  return width;
}

/// Two lines for name and caption, or more for the addresses beside them.
double height_of(const Interface& interface) {
  constexpr std::size_t min_lines = 2;
  return static_cast<double>(std::max(min_lines, interface.addresses.size())) * line_height + line_height / 2;
}

double height_of(const NamespaceBox& netns) {
  double height = title_height(netns) + padding / 2;
  for (const auto& interface : netns.interfaces) height += height_of(interface);
  return height;
}

double width_of_box(const NamespaceBox& netns) {
  double addresses = 0;
  for (const auto& interface : netns.interfaces) addresses = std::max(addresses, widest(interface.addresses));
  const double titles = std::max(width_of_text(netns.title) * title_factor, width_of_text(netns.subtitle));
  return std::max({min_box_width, titles + 2 * padding, address_offset(netns) + addresses + padding});
}

double widest_port(const Picture& picture) {
  double width = 0;
  for (const auto& pair : picture.pairs) {
    if (!pair.other) width = std::max(width, width_of_text(pair.host_interface) + 2 * padding);
  }
  return width;
}

double inner_host_width(const Picture& picture) {
  double width = std::max(min_box_width, width_of_text("host " + picture.host) * heading_factor);
  width = std::max({width, widest(picture.gateways) + width_of_text("lo  "), widest_port(picture) + 2 * padding});
  for (const auto& bridge : picture.bridges) {
    const double title = width_of_text("bridge " + bridge.name) * title_factor;
    width = std::max({width, title + 2 * padding, widest(format_bridge(bridge)) + 2 * padding});
  }
  return width;
}

double column_width(const Picture& picture) {
  double width = min_box_width;
  for (const auto& netns : picture.namespaces) width = std::max(width, width_of_box(netns));
  return width;
}

enum class Column { none, first, second };

class LayoutBuilder {
 public:
  explicit LayoutBuilder(const Picture& picture);

  SvgLayout finished() &&;

 private:
  void place_group(const std::string& bridge);
  void place_bridge(std::size_t number);
  void place_port(std::size_t number, double inset);
  void place_between(std::size_t number);
  void place(std::size_t netns, Column column, double top);
  double middle_of(const InterfacePosition& position) const;
  Curve curve_between(const VethPair& pair) const;
  void close_host();
  void measure();

  const Picture& picture_;
  const double column_width_;
  const double port_width_;
  SvgLayout layout_;
  std::vector<Column> columns_;  // of each space
  double host_bottom_ = 0;       // lower edge of what is placed in the host box so far
  double first_bottom_ = margin;
  double second_bottom_ = margin;
  double first_left_ = 0;
  double second_left_ = 0;
};

LayoutBuilder::LayoutBuilder(const Picture& picture)
    : picture_(picture),
      column_width_(column_width(picture)),
      port_width_(widest_port(picture)),
      columns_(picture.namespaces.size(), Column::none) {
  layout_.host = {margin, margin, inner_host_width(picture) + 2 * padding, 0};
  layout_.bridges.resize(picture.bridges.size());
  layout_.namespaces.resize(picture.namespaces.size());
  layout_.ports.resize(picture.pairs.size());
  layout_.pairs.resize(picture.pairs.size());
  host_bottom_ = margin + host_title_height(picture);
  first_left_ = layout_.host.right() + column_gap;
  second_left_ = first_left_ + column_width_ + column_gap;
}

void LayoutBuilder::place(std::size_t number, Column column, double top) {
  if (columns_[number] != Column::none) return;
  const auto& netns = picture_.namespaces[number];
  const bool is_first = column == Column::first;
  double& bottom = is_first ? first_bottom_ : second_bottom_;
  layout_.namespaces[number] = {is_first ? first_left_ : second_left_, std::max(bottom, top), column_width_,
                                height_of(netns)};
  columns_[number] = column;
  bottom = layout_.namespaces[number].bottom() + gap;
}

double LayoutBuilder::middle_of(const InterfacePosition& position) const {
  return layout_.namespaces[position.netns].y +
         interface_offset(picture_.namespaces[position.netns], position.interface);
}

/// The container is placed at the highest possible position of the port, then the port at the height of the container.
void LayoutBuilder::place_port(std::size_t number, double inset) {
  const auto& pair = picture_.pairs[number];
  const double highest = host_bottom_ + port_height / 2;
  place(pair.end.netns, Column::first,
        highest - interface_offset(picture_.namespaces[pair.end.netns], pair.end.interface));
  const double target = middle_of(pair.end);
  const double middle = std::max(highest, target);
  layout_.ports[number] = {layout_.host.right() - inset - port_width_, middle - port_height / 2, port_width_,
                           port_height};
  layout_.pairs[number] = {{layout_.ports[number].right(), middle}, {first_left_, target}};
  host_bottom_ = middle + port_height / 2 + port_gap;
}

void LayoutBuilder::place_group(const std::string& bridge) {
  const double inset = bridge.empty() ? padding : 2 * padding;
  for (std::size_t i = 0; i < picture_.pairs.size(); ++i) {
    if (!picture_.pairs[i].other && picture_.pairs[i].bridge == bridge) place_port(i, inset);
  }
}

/// The box of the bridge begins directly above its first port.
void LayoutBuilder::place_bridge(std::size_t number) {
  const auto& bridge = picture_.bridges[number];
  const double title = bridge_title_height(bridge);
  double top = host_bottom_ + padding / 2;
  host_bottom_ = top + title;
  place_group(bridge.name);
  const auto first = std::ranges::find(picture_.pairs, bridge.name, &VethPair::bridge);
  if (first != picture_.pairs.end()) {
    top = layout_.ports[static_cast<std::size_t>(first - picture_.pairs.begin())].y - title;
  }
  layout_.bridges[number] = {margin + padding, top, layout_.host.width - 2 * padding,
                             host_bottom_ - top + padding - port_gap};
  host_bottom_ = layout_.bridges[number].bottom() + gap;
}

Curve LayoutBuilder::curve_between(const VethPair& pair) const {
  const auto& from = layout_.namespaces[pair.end.netns];
  const auto& to = layout_.namespaces[pair.other->netns];
  const bool is_arc = from.x == to.x;
  const bool is_forward = from.x < to.x;
  return {.start = {is_forward || is_arc ? from.right() : from.x, middle_of(pair.end)},
          .end = {is_forward ? to.x : to.right(), middle_of(*pair.other)},
          .is_arc = is_arc};
}

void LayoutBuilder::place_between(std::size_t number) {
  const auto& pair = picture_.pairs[number];
  const auto& other = *pair.other;
  place(pair.end.netns, Column::first, margin);
  const bool is_in_first = columns_[pair.end.netns] == Column::first;
  place(other.netns, is_in_first ? Column::second : Column::first,
        middle_of(pair.end) - interface_offset(picture_.namespaces[other.netns], other.interface));
  layout_.pairs[number] = curve_between(pair);
}

void LayoutBuilder::close_host() {
  const double min_height = margin + host_title_height(picture_) + line_height;
  layout_.host.height = std::max(host_bottom_, min_height) + padding - port_gap - margin;
}

SvgLayout LayoutBuilder::finished() && {
  place_group("");
  for (std::size_t i = 0; i < picture_.bridges.size(); ++i) place_bridge(i);
  close_host();
  for (std::size_t i = 0; i < picture_.pairs.size(); ++i) {
    if (picture_.pairs[i].other) place_between(i);
  }
  for (std::size_t i = 0; i < picture_.namespaces.size(); ++i) place(i, Column::first, margin);
  measure();
  return std::move(layout_);
}

/// The size of the drawing is the extent of all boxes and arcs.
void LayoutBuilder::measure() {
  layout_.size = {layout_.host.right() + margin, layout_.host.bottom() + margin};
  for (const auto& netns : layout_.namespaces) {
    layout_.size.x = std::max(layout_.size.x, netns.right() + margin);
    layout_.size.y = std::max(layout_.size.y, netns.bottom() + margin);
  }
  for (const auto& curve : layout_.pairs) {
    if (curve.is_arc) layout_.size.x = std::max(layout_.size.x, curve.start.x + column_gap);
  }
}

}  // namespace

SvgLayout lay_out(const Picture& picture) { return LayoutBuilder{picture}.finished(); }

double title_height(const NamespaceBox& netns) {
  return padding / 2 + (netns.subtitle.empty() ? 1.5 : 2.4) * line_height;
}

double bridge_title_height(const inspect::Bridge& bridge) {
  return padding + (1.25 + static_cast<double>(format_bridge(bridge).size())) * line_height;
}

double host_title_height(const Picture& picture) {
  return padding + (2 + static_cast<double>(picture.gateways.size())) * line_height;
}

double interface_offset(const NamespaceBox& netns, std::size_t interface) {
  double offset = title_height(netns) + line_height / 2;
  for (std::size_t i = 0; i < interface; ++i) offset += height_of(netns.interfaces[i]);
  return offset;
}

double address_offset(const NamespaceBox& netns) {
  double width = 0;
  for (const auto& interface : netns.interfaces) {
    width = std::max({width, width_of_text(interface.name), width_of_text(caption(interface))});
  }
  return padding + width + 1.5 * padding;
}

std::string caption(const Interface& interface) {
  if (interface.state == inspect::State::live) return interface.network;
  const std::string state{inspect::to_string(interface.state)};
  return interface.network.empty() ? state : interface.network + ", " + state;
}

}  // namespace report
