#include "plugin/vethctl/report/svg_layout.hpp"

#include "plugin/vethctl/report/words.hpp"

#include <algorithm>

namespace report {
namespace {

constexpr double margin = 24;
constexpr double gap = 14;            // between boxes of a column
constexpr double cable_length = 110;  // between columns
constexpr double port_height = 24;
constexpr double port_gap = 10;
constexpr double narrowest_box = 150;
constexpr double heading_factor = 1.27;  // of widths: 15 pixels, bold
constexpr double title_factor = 1.1;     // 13 pixels

double width_of_text(const std::string& text) { return static_cast<double>(width_of(text)) * character_width; }

double widest(const std::vector<std::string>& texts) {
  double width = 0;
  for (const auto& text : texts) width = std::max(width, width_of_text(text));
  return width;
}

/// Name and caption, or the addresses beside them.
double height_of(const Interface& interface) {
  constexpr std::size_t least_lines = 2;
  return static_cast<double>(std::max(least_lines, interface.addresses.size())) * line_height + line_height / 2;
}

double height_of(const Space& space) {
  double height = title_height(space) + padding / 2;
  for (const auto& interface : space.interfaces) height += height_of(interface);
  return height;
}

double width_of_space(const Space& space) {
  double addresses = 0;
  for (const auto& interface : space.interfaces) addresses = std::max(addresses, widest(interface.addresses));
  const double titles = std::max(width_of_text(space.title) * title_factor, width_of_text(space.subtitle));
  return std::max({narrowest_box, titles + 2 * padding, address_offset(space) + addresses + padding});
}

double widest_port(const Picture& picture) {
  double width = 0;
  for (const auto& cable : picture.cables) {
    if (!cable.other) width = std::max(width, width_of_text(cable.host_interface) + 2 * padding);
  }
  return width;
}

double inner_host_width(const Picture& picture) {
  double width = std::max(narrowest_box, width_of_text("host " + picture.host) * heading_factor);
  width = std::max({width, widest(picture.gateways) + width_of_text("lo  "), widest_port(picture) + 2 * padding});
  for (const auto& bridge : picture.bridges) {
    const double title = width_of_text("bridge " + bridge.name) * title_factor;
    width = std::max({width, title + 2 * padding, widest(bridge_words(bridge)) + 2 * padding});
  }
  return width;
}

double column_width(const Picture& picture) {
  double width = narrowest_box;
  for (const auto& space : picture.spaces) width = std::max(width, width_of_space(space));
  return width;
}

enum class Column { none, first, second };

class Drafter {
 public:
  explicit Drafter(const Picture& picture);

  SvgLayout finished() &&;

 private:
  void place_group(const std::string& bridge);
  void place_bridge(std::size_t number);
  void place_port(std::size_t number, double inset);
  void place_between(std::size_t number);
  void place(std::size_t space, Column column, double top);
  double middle_of(const Place& place) const;
  Curve curve_between(const Cable& cable) const;
  void close_host();
  void measure();

  const Picture& picture_;
  const double column_width_;
  const double port_width_;
  SvgLayout layout_;
  std::vector<Column> columns_;  // of each space
  double host_bottom_ = 0;       // of what stands in it by now
  double first_bottom_ = margin;
  double second_bottom_ = margin;
  double first_left_ = 0;
  double second_left_ = 0;
};

Drafter::Drafter(const Picture& picture)
    : picture_(picture),
      column_width_(column_width(picture)),
      port_width_(widest_port(picture)),
      columns_(picture.spaces.size(), Column::none) {
  layout_.host = {margin, margin, inner_host_width(picture) + 2 * padding, 0};
  layout_.bridges.resize(picture.bridges.size());
  layout_.spaces.resize(picture.spaces.size());
  layout_.ports.resize(picture.cables.size());
  layout_.cables.resize(picture.cables.size());
  host_bottom_ = margin + host_title_height(picture);
  first_left_ = layout_.host.right() + cable_length;
  second_left_ = first_left_ + column_width_ + cable_length;
}

void Drafter::place(std::size_t number, Column column, double top) {
  if (columns_[number] != Column::none) return;
  const auto& space = picture_.spaces[number];
  const bool is_first = column == Column::first;
  double& bottom = is_first ? first_bottom_ : second_bottom_;
  layout_.spaces[number] = {is_first ? first_left_ : second_left_, std::max(bottom, top), column_width_,
                            height_of(space)};
  columns_[number] = column;
  bottom = layout_.spaces[number].bottom() + gap;
}

double Drafter::middle_of(const Place& place) const {
  return layout_.spaces[place.space].y + offset_of(picture_.spaces[place.space], place.interface);
}

/// The container comes as high as the port can stand, then the port as low as the container has to.
void Drafter::place_port(std::size_t number, double inset) {
  const auto& cable = picture_.cables[number];
  const double highest = host_bottom_ + port_height / 2;
  place(cable.end.space, Column::first, highest - offset_of(picture_.spaces[cable.end.space], cable.end.interface));
  const double target = middle_of(cable.end);
  const double middle = std::max(highest, target);
  layout_.ports[number] = {layout_.host.right() - inset - port_width_, middle - port_height / 2, port_width_,
                           port_height};
  layout_.cables[number] = {{layout_.ports[number].right(), middle}, {first_left_, target}};
  host_bottom_ = middle + port_height / 2 + port_gap;
}

void Drafter::place_group(const std::string& bridge) {
  const double inset = bridge.empty() ? padding : 2 * padding;
  for (std::size_t i = 0; i < picture_.cables.size(); ++i) {
    if (!picture_.cables[i].other && picture_.cables[i].bridge == bridge) place_port(i, inset);
  }
}

/// Its box begins right above its first port.
void Drafter::place_bridge(std::size_t number) {
  const auto& bridge = picture_.bridges[number];
  const double title = bridge_title_height(bridge);
  double top = host_bottom_ + padding / 2;
  host_bottom_ = top + title;
  place_group(bridge.name);
  const auto first = std::ranges::find(picture_.cables, bridge.name, &Cable::bridge);
  if (first != picture_.cables.end()) {
    top = layout_.ports[static_cast<std::size_t>(first - picture_.cables.begin())].y - title;
  }
  layout_.bridges[number] = {margin + padding, top, layout_.host.width - 2 * padding,
                             host_bottom_ - top + padding - port_gap};
  host_bottom_ = layout_.bridges[number].bottom() + gap;
}

Curve Drafter::curve_between(const Cable& cable) const {
  const auto& from = layout_.spaces[cable.end.space];
  const auto& to = layout_.spaces[cable.other->space];
  const bool is_arc = from.x == to.x;
  const bool is_forward = from.x < to.x;
  return {.start = {is_forward || is_arc ? from.right() : from.x, middle_of(cable.end)},
          .end = {is_forward ? to.x : to.right(), middle_of(*cable.other)},
          .is_arc = is_arc};
}

void Drafter::place_between(std::size_t number) {
  const auto& cable = picture_.cables[number];
  const auto& other = *cable.other;
  place(cable.end.space, Column::first, margin);
  const bool is_in_first = columns_[cable.end.space] == Column::first;
  place(other.space, is_in_first ? Column::second : Column::first,
        middle_of(cable.end) - offset_of(picture_.spaces[other.space], other.interface));
  layout_.cables[number] = curve_between(cable);
}

void Drafter::close_host() {
  const double least = margin + host_title_height(picture_) + line_height;
  layout_.host.height = std::max(host_bottom_, least) + padding - port_gap - margin;
}

SvgLayout Drafter::finished() && {
  place_group("");
  for (std::size_t i = 0; i < picture_.bridges.size(); ++i) place_bridge(i);
  close_host();
  for (std::size_t i = 0; i < picture_.cables.size(); ++i) {
    if (picture_.cables[i].other) place_between(i);
  }
  for (std::size_t i = 0; i < picture_.spaces.size(); ++i) place(i, Column::first, margin);
  measure();
  return std::move(layout_);
}

/// What stands farthest to the right and farthest down.
void Drafter::measure() {
  layout_.size = {layout_.host.right() + margin, layout_.host.bottom() + margin};
  for (const auto& space : layout_.spaces) {
    layout_.size.x = std::max(layout_.size.x, space.right() + margin);
    layout_.size.y = std::max(layout_.size.y, space.bottom() + margin);
  }
  for (const auto& curve : layout_.cables) {
    if (curve.is_arc) layout_.size.x = std::max(layout_.size.x, curve.start.x + cable_length);
  }
}

}  // namespace

SvgLayout lay_out(const Picture& picture) { return Drafter{picture}.finished(); }

double title_height(const Space& space) { return padding / 2 + (space.subtitle.empty() ? 1.5 : 2.4) * line_height; }

double bridge_title_height(const inspect::Bridge& bridge) {
  return padding + (1.25 + static_cast<double>(bridge_words(bridge).size())) * line_height;
}

double host_title_height(const Picture& picture) {
  return padding + (2 + static_cast<double>(picture.gateways.size())) * line_height;
}

double offset_of(const Space& space, std::size_t interface) {
  double offset = title_height(space) + line_height / 2;
  for (std::size_t i = 0; i < interface; ++i) offset += height_of(space.interfaces[i]);
  return offset;
}

double address_offset(const Space& space) {
  double width = 0;
  for (const auto& interface : space.interfaces) {
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
