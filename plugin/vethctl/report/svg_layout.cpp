#include "plugin/vethctl/report/svg_layout.hpp"

#include "plugin/vethctl/report/format.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace report {
namespace {

constexpr double margin = 24;
constexpr double box_gap = 14;      // between boxes of a column
constexpr double column_gap = 110;  // between columns
constexpr double strip_gap = 40;    // between strips
constexpr double unlimited = std::numeric_limits<double>::infinity();
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
  return static_cast<double>(std::max(min_lines, lines_of(interface).size())) * line_height + line_height / 2;
}

double height_of(const NamespaceBox& netns) {
  double height = title_height(netns) + padding / 2;
  for (const auto& interface : netns.interfaces) height += height_of(interface);
  return height;
}

double width_of_box(const NamespaceBox& netns) {
  double addresses = 0;
  for (const auto& interface : netns.interfaces) addresses = std::max(addresses, widest(lines_of(interface)));
  const double titles = std::max(width_of_text(netns.title) * title_factor, width_of_text(netns.subtitle));
  return std::max({min_box_width, titles + 2 * padding, address_offset(netns) + addresses + padding});
}

double width_of_port(const VethPair& pair) { return width_of_text(pair.host_interface) + 2 * padding; }

double widest_port(const Picture& picture) {
  double width = 0;
  for (const auto& pair : picture.pairs) {
    if (!pair.other) width = std::max(width, width_of_port(pair));
  }
  return width;
}

double inner_host_width(const Picture& picture, bool has_strips) {
  double width = std::max(min_box_width, width_of_text("host " + picture.host) * heading_factor);
  width = std::max({width, widest(picture.gateways) + width_of_text("lo  "), widest_port(picture) + 2 * padding});
  for (const auto& bridge : picture.bridges) {
    const double title = width_of_text(bridge_title(bridge, has_strips)) * title_factor;
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

/// Where the next boxes of a strip go.
struct Strip {
  double left = margin;     // of its part of the host
  double first_left = 0;    // of the column beside it
  double host_bottom = 0;   // lower edge of what is placed in the host so far
  double first_bottom = 0;  // lower edges of the two columns
  double second_bottom = 0;
  bool has_host = true;
};

class LayoutBuilder {
 public:
  /// `limit` is the lower edge of a strip; a box that is higher exceeds it.
  LayoutBuilder(const Picture& picture, double limit);

  SvgLayout finished() &&;

 private:
  std::vector<std::size_t> ports_of(const std::string& bridge) const;
  Strip strip_at(double left, bool has_host) const;
  void start_strip(bool has_host);
  double first_column_bottom(std::size_t netns) const;
  bool fits(const VethPair& pair, double inset) const;
  void place_routed();
  void place_bridge(std::size_t number);
  void begin_part(std::size_t bridge, bool is_continued);
  void end_part(std::size_t first_port);
  void place_port(std::size_t number, double inset);
  void place_between(std::size_t number);
  void place_remaining(std::size_t netns);
  void place(std::size_t netns, Column column, double top);
  double second_left() const { return strip_.first_left + column_width_ + column_gap; }
  double middle_of(const InterfacePosition& position) const;
  Curve curve_to_port(const Rectangle& port, double middle, const InterfacePosition& end) const;
  Curve curve_between(const VethPair& pair) const;
  void close_host();
  void measure();

  const Picture& picture_;
  const double limit_;
  const double column_width_;
  const double host_width_;
  const double top_;  // of the columns: below the bar of the host, if there are strips
  SvgLayout layout_;
  std::vector<Column> columns_;  // of each namespace
  Strip strip_;
};

LayoutBuilder::LayoutBuilder(const Picture& picture, double limit)
    : picture_(picture),
      limit_(limit),
      column_width_(column_width(picture)),
      host_width_(inner_host_width(picture, limit != unlimited) + 2 * padding),
      top_(limit == unlimited ? margin : margin + host_title_height(picture) + box_gap),
      columns_(picture.namespaces.size(), Column::none),
      strip_(strip_at(margin, true)) {
  layout_.namespaces.resize(picture.namespaces.size());
  layout_.ports.resize(picture.pairs.size());
  layout_.pairs.resize(picture.pairs.size());
}

Strip LayoutBuilder::strip_at(double left, bool has_host) const {
  return {.left = left,
          .first_left = has_host ? left + host_width_ + column_gap : left,
          .host_bottom = margin + host_title_height(picture_),
          .first_bottom = top_,
          .second_bottom = top_,
          .has_host = has_host};
}

void LayoutBuilder::start_strip(bool has_host) {
  if (strip_.has_host) close_host();
  const double right = strip_.first_left + column_width_ * (strip_.second_bottom > top_ ? 2 : 1) +
                       (strip_.second_bottom > top_ ? column_gap : 0);
  strip_ = strip_at(right + strip_gap, has_host);
}

std::vector<std::size_t> LayoutBuilder::ports_of(const std::string& bridge) const {
  std::vector<std::size_t> ports;
  for (std::size_t i = 0; i < picture_.pairs.size(); ++i) {
    if (!picture_.pairs[i].other && picture_.pairs[i].bridge == bridge) ports.push_back(i);
  }
  return ports;
}

/// Where the first column would end with this namespace.
double LayoutBuilder::first_column_bottom(std::size_t netns) const {
  return strip_.first_bottom + height_of(picture_.namespaces[netns]);
}

/// Whether port and container fit into the strip. The first one always does. `inset`: what is placed above the port.
bool LayoutBuilder::fits(const VethPair& pair, double inset) const {
  if (strip_.first_bottom == top_) return true;
  const bool is_placed = columns_[pair.end.netns] != Column::none;
  return strip_.host_bottom + inset + port_height <= limit_ &&
         (is_placed || first_column_bottom(pair.end.netns) <= limit_);
}

void LayoutBuilder::place(std::size_t number, Column column, double top) {
  if (columns_[number] != Column::none) return;
  const auto& netns = picture_.namespaces[number];
  const bool is_first = column == Column::first;
  double& bottom = is_first ? strip_.first_bottom : strip_.second_bottom;
  layout_.namespaces[number] = {is_first ? strip_.first_left : second_left(), std::max(bottom, top), column_width_,
                                height_of(netns)};
  columns_[number] = column;
  bottom = layout_.namespaces[number].bottom() + box_gap;
}

double LayoutBuilder::middle_of(const InterfacePosition& position) const {
  return layout_.namespaces[position.netns].y +
         interface_offset(picture_.namespaces[position.netns], position.interface);
}

/// The container may be in an earlier strip, to the left of the port.
Curve LayoutBuilder::curve_to_port(const Rectangle& port, double middle, const InterfacePosition& end) const {
  const auto& netns = layout_.namespaces[end.netns];
  const bool is_left = netns.x < port.x;
  return {{is_left ? port.x : port.right(), middle}, {is_left ? netns.right() : netns.x, middle_of(end)}};
}

/// The container is placed at the highest possible position of the port, then the port at the height of the container.
void LayoutBuilder::place_port(std::size_t number, double inset) {
  const auto& pair = picture_.pairs[number];
  const double highest = strip_.host_bottom + port_height / 2;
  place(pair.end.netns, Column::first,
        highest - interface_offset(picture_.namespaces[pair.end.netns], pair.end.interface));
  const bool is_beside = layout_.namespaces[pair.end.netns].x == strip_.first_left;
  const double middle = is_beside ? std::max(highest, middle_of(pair.end)) : highest;
  const double width = width_of_port(pair);
  layout_.ports[number] = {strip_.left + host_width_ - inset - width, middle - port_height / 2, width, port_height};
  layout_.pairs[number] = curve_to_port(layout_.ports[number], middle, pair.end);
  strip_.host_bottom = middle + port_height / 2 + port_gap;
}

void LayoutBuilder::place_routed() {
  for (const auto port : ports_of("")) {
    if (!fits(picture_.pairs[port], 0)) start_strip(true);
    place_port(port, padding);
  }
}

void LayoutBuilder::begin_part(std::size_t bridge, bool is_continued) {
  const double title = bridge_title_height(picture_.bridges[bridge], is_continued);
  const double top = strip_.host_bottom + padding / 2;
  strip_.host_bottom = top + title;
  layout_.bridges.push_back({{strip_.left + padding, top, host_width_ - 2 * padding, title}, bridge, is_continued});
}

/// The box begins directly above its first port.
void LayoutBuilder::end_part(std::size_t first_port) {
  auto& [box, bridge, is_continued] = layout_.bridges.back();
  if (first_port < layout_.ports.size()) {
    box.y = layout_.ports[first_port].y - bridge_title_height(picture_.bridges[bridge], is_continued);
  }
  box.height = strip_.host_bottom - box.y + padding - port_gap;
  strip_.host_bottom = box.bottom() + box_gap;
}

void LayoutBuilder::place_bridge(std::size_t number) {
  const auto& bridge = picture_.bridges[number];
  const auto ports = ports_of(bridge.name);
  const bool starts_here = ports.empty() || fits(picture_.pairs[ports.front()], bridge_title_height(bridge, false));
  if (!starts_here) start_strip(true);
  begin_part(number, false);
  auto first = ports.empty() ? layout_.ports.size() : ports.front();
  for (const auto port : ports) {
    if (port != first && !fits(picture_.pairs[port], 0)) {
      end_part(first);
      start_strip(true);
      begin_part(number, true);
      first = port;
    }
    place_port(port, 2 * padding);
  }
  end_part(first);
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
  if (!fits(pair, 0)) start_strip(false);
  place(pair.end.netns, Column::first, top_);
  const bool is_in_first = columns_[pair.end.netns] == Column::first;
  place(other.netns, is_in_first ? Column::second : Column::first,
        middle_of(pair.end) - interface_offset(picture_.namespaces[other.netns], other.interface));
  layout_.pairs[number] = curve_between(pair);
}

void LayoutBuilder::place_remaining(std::size_t netns) {
  if (columns_[netns] != Column::none) return;
  if (strip_.first_bottom > top_ && first_column_bottom(netns) > limit_) start_strip(false);
  place(netns, Column::first, top_);
}

/// Ends the part of the host in this strip.
void LayoutBuilder::close_host() {
  const double min_bottom = margin + host_title_height(picture_) + line_height;
  const double bottom = std::max(strip_.host_bottom, min_bottom) + padding - port_gap;
  layout_.host.push_back({strip_.left, margin, host_width_, bottom - margin});
}

SvgLayout LayoutBuilder::finished() && {
  place_routed();
  for (std::size_t i = 0; i < picture_.bridges.size(); ++i) place_bridge(i);
  for (std::size_t i = 0; i < picture_.pairs.size(); ++i) {
    if (picture_.pairs[i].other) place_between(i);
  }
  for (std::size_t i = 0; i < picture_.namespaces.size(); ++i) place_remaining(i);
  if (strip_.has_host) close_host();
  if (layout_.host.size() > 1) {
    const double width = layout_.host.back().right() - margin;
    layout_.host.insert(layout_.host.begin(), {margin, margin, width, host_title_height(picture_)});
  }
  measure();
  return std::move(layout_);
}

/// The size of the drawing is the extent of all boxes and arcs.
void LayoutBuilder::measure() {
  for (const auto& part : layout_.host) {
    layout_.size.x = std::max(layout_.size.x, part.right() + margin);
    layout_.size.y = std::max(layout_.size.y, part.bottom() + margin);
  }
  for (const auto& netns : layout_.namespaces) {
    layout_.size.x = std::max(layout_.size.x, netns.right() + margin);
    layout_.size.y = std::max(layout_.size.y, netns.bottom() + margin);
  }
  for (const auto& curve : layout_.pairs) {
    if (curve.is_arc) layout_.size.x = std::max(layout_.size.x, curve.start.x + column_gap);
  }
}

/// The lower edge of strips with which the drawing is half as wide again as high; unlimited for a small drawing. `size`
/// is that of the drawing in one strip.
double limit_of_strips(const Point& size) {
  constexpr double small = 1000;
  constexpr double aspect_ratio = 1.5;
  const double strips = std::round(std::sqrt(aspect_ratio * size.y / size.x));
  constexpr double slack = 150;  // the bar of the host, and titles of bridges that continue
  return size.y <= small || strips < 2 ? unlimited : size.y / strips + slack;
}

}  // namespace

SvgLayout lay_out(const Picture& picture) {
  auto layout = LayoutBuilder{picture, unlimited}.finished();
  const double limit = limit_of_strips(layout.size);
  return limit == unlimited ? layout : LayoutBuilder{picture, limit}.finished();
}

double title_height(const NamespaceBox& netns) {
  return padding / 2 + (netns.subtitle.empty() ? 1.5 : 2.4) * line_height;
}

double bridge_title_height(const inspect::Bridge& bridge, bool is_continued) {
  const auto lines = is_continued ? 0 : format_bridge(bridge).size();
  return padding + (1.25 + static_cast<double>(lines)) * line_height;
}

std::string bridge_title(const inspect::Bridge& bridge, bool is_continued) {
  return "bridge " + bridge.name + (is_continued ? " (continued)" : "");
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
