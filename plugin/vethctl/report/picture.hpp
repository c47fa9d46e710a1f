#pragma once

#include "plugin/vethctl/inspect/node.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace report {

/// An interface of a container.
struct Interface {
  std::string name;
  std::string network{};  ///< empty: the other end of a cable between namespaces
  inspect::State state = inspect::State::live;
  std::vector<std::string> addresses{};

  bool operator==(const Interface&) const = default;
};

/// A network namespace other than the host's.
struct Space {
  std::string title;       ///< the container; without one the namespace
  std::string subtitle{};  ///< the namespace, where that is called otherwise
  std::vector<Interface> interfaces{};

  bool operator==(const Space&) const = default;
};

/// Where an interface stands in the picture.
struct Place {
  std::size_t space = 0;
  std::size_t interface = 0;

  bool operator==(const Place&) const = default;
};

/// A veth pair.
struct Cable {
  Place end;                     ///< the container's
  std::optional<Place> other{};  ///< the other in a second namespace; nullopt: on the host
  std::string host_interface{};  ///< its name, and the addresses that a cable to the host itself has there
  std::string bridge{};          ///< the bridge that the host's end is a port of; empty: none
  inspect::State state = inspect::State::live;

  bool operator==(const Cable&) const = default;
};

/// A node as boxes and cables: what the drawn reports have in common.
struct Picture {
  std::string host;
  std::vector<std::string> gateways{};
  std::vector<inspect::Bridge> bridges{};  ///< those too that cables name and that are not there, without a MAC
  std::vector<Space> spaces{};
  std::vector<Cable> cables{};  ///< routed ones, then by bridge, then those between namespaces

  bool operator==(const Picture&) const = default;
};

Picture picture(const inspect::Node& node);

const Interface& at(const Picture& picture, const Place& place);

/// Whether it is up, then its addresses.
std::vector<std::string> bridge_words(const inspect::Bridge& bridge);

// What graph languages call a box, and what they write into it, line by line.
std::string box_id(const Place& place);
std::string port_id(std::size_t cable);
std::string label(const Space& space);
std::string label(const Interface& interface);
/// The network, and the state where that is not live.
std::string label(const Picture& picture, const Cable& cable);

}  // namespace report
