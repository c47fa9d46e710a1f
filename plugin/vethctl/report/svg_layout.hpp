#pragma once

#include "plugin/vethctl/report/picture.hpp"

#include <cstddef>
#include <string>
#include <vector>

// Where everything of a picture stands on the paper, in pixels: the host on the left, containers in a column beside it,
// and in a second column namespaces that are reached by a cable from a container alone. A container stands as high as
// its port on the host where that can be, so that cables do not cross.
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

/// A cable with both its ends; `start` is on the host or in the first namespace.
struct Curve {
  Point start;
  Point end;
  bool is_arc = false;  ///< both ends are on the right side of boxes of one column

  bool operator==(const Curve&) const = default;
};

struct SvgLayout {
  Point size{};
  Rectangle host{};
  std::vector<Rectangle> bridges{};  ///< as Picture::bridges
  std::vector<Rectangle> spaces{};   ///< as Picture::spaces
  std::vector<Rectangle> ports{};    ///< as Picture::cables; without extent for those between namespaces
  std::vector<Curve> cables{};       ///< as Picture::cables
};

SvgLayout lay_out(const Picture& picture);

// Sizes that whoever draws has to know, too.
constexpr double character_width = 7.3;  ///< of the monospaced font at 12 pixels
constexpr double line_height = 16;
constexpr double padding = 12;

/// The distance from the top of a box to the middle of the first line of an interface.
double offset_of(const Space& space, std::size_t interface);

/// The lines at the top of a box.
double title_height(const Space& space);
double bridge_title_height(const inspect::Bridge& bridge);
double host_title_height(const Picture& picture);

/// The column of addresses beside the names of interfaces, from the left of the box.
double address_offset(const Space& space);

/// The network and the state of an interface, which stand below its name.
std::string caption(const Interface& interface);

}  // namespace report
