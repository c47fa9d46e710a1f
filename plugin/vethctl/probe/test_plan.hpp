#pragma once

#include "plugin/cni/address.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace probe {

/// One of the two ends between which `vethctl probe` sends packets.
struct Endpoint {
  std::string name;          ///< as the user named it
  std::string netns{};       ///< path of its network namespace; empty: outside of this node
  std::string interface {};  ///< of an attachment: the end in `netns`; empty for the host and outside
  std::string
      host_interface{};  ///< of an attachment, also of that of a mapped port: the other end on the host; empty: none
  std::string bridge{};  ///< of an attachment: the bridge that the other end is a port of; empty: none
  std::vector<cni::IpAddress> addresses{};
  std::uint16_t port = 0;  ///< of host:PORT; 0: none

  bool operator==(const Endpoint&) const = default;
};

enum class Kind { icmp, tcp, udp, path_mtu };

/// A test in one direction, of one protocol and family.
struct Test {
  std::size_t from = 0;  ///< position of the endpoint: 0 or 1
  std::size_t to = 1;
  Kind kind = Kind::icmp;
  cni::IpAddress source{};       ///< an address of the sender
  cni::IpAddress destination{};  ///< an address of the receiver
  std::uint16_t port = 0;        ///< tcp, udp; 0: a temporary socket listens

  bool operator==(const Test&) const = default;
};

/// A family that an endpoint has no address of, while the other one has.
struct MissingFamily {
  cni::Family family = cni::Family::ipv4;
  std::string endpoint{};

  bool operator==(const MissingFamily&) const = default;
};

struct Plan {
  std::vector<Endpoint> endpoints;  ///< two
  std::vector<Test> tests{};
  std::vector<MissingFamily> missing{};

  bool operator==(const Plan&) const = default;
};

/// The tests between two endpoints. Packets are sent only by endpoints on this node. With `port` (0: none), TCP and UDP
/// go from the first endpoint to this port of the second. A port of the host is tested only with TCP, and only in this
/// direction.
Plan plan_tests(const Endpoint& from, const Endpoint& to, std::uint16_t port);

}  // namespace probe
