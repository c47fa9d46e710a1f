#pragma once

#include "plugin/vethctl/report/picture.hpp"

#include <cstddef>
#include <string>
#include <vector>

// Positions in the drawing, in pixels: the host on the left, containers in a column beside it, and in a second column
// the namespaces that are connected only to another namespace. A container is drawn at the height of its port on the
// host if possible, so that lines do not cross. A node with many containers is drawn in several strips side by side.
// The host is then a bar at the top with one part in each strip, and a bridge continues in the next strip.
namespace report {

struct Point {
  double x = 0;
  double y = 0;

  bool operator==(const Point&) const = default;
};

struct Rectangle {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;

  double right() const { return x + width; }
  double bottom() const { return y + height; }
  bool operator==(const Rectangle&) const = default;
};

/// The line of a veth pair; `start` is on the host or in the first namespace.
struct Curve {
  Point start;
  Point end;
  bool is_arc = false;  ///< both ends are on the right side of boxes of one column

  bool operator==(const Curve&) const = default;
};

/// The part of a bridge in one strip.
struct BridgePart {
  Rectangle box{};
  std::size_t bridge = 0;     ///< index in Picture::bridges
  bool is_continued = false;  ///< it began in an earlier strip

  bool operator==(const BridgePart&) const = default;
};

struct SvgLayout {
  Point size{};
  std::vector<Rectangle> host{};        ///< its union is the host; the first one contains the title
  std::vector<BridgePart> bridges{};    ///< in the order of Picture::bridges
  std::vector<Rectangle> namespaces{};  ///< in the order of Picture::namespaces
  std::vector<Rectangle> ports{};       ///< in the order of Picture::pairs; empty for pairs between namespaces
  std::vector<Curve> pairs{};           ///< in the order of Picture::pairs
};

SvgLayout lay_out(const Picture& picture);

// Sizes that the drawing code needs, too.
constexpr double character_width = 7.3;  ///< of the monospaced font at 12 pixels
constexpr double line_height = 16;
constexpr double padding = 12;

/// The distance from the top of a box to the middle of the first line of an interface.
double interface_offset(const NamespaceBox& netns, std::size_t interface);

/// Heights of the title lines at the top of each kind of box.
double title_height(const NamespaceBox& netns);
double bridge_title_height(const inspect::Bridge& bridge, bool is_continued);
double host_title_height(const Picture& picture);

/// The distance from the left of a box to the column of addresses.
double address_offset(const NamespaceBox& netns);

/// The title of a part of a bridge.
std::string bridge_title(const inspect::Bridge& bridge, bool is_continued);

/// The text below the name of an interface: its network, and its state unless it is live.
std::string caption(const Interface& interface);

}  // namespace report
