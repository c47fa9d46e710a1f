#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/cni/lease.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wiring {

/// An address on one end of the pair.
struct Address {
  cni::Prefix prefix;
  bool prefix_route = true;  ///< whether the kernel makes the connected route (else IFA_F_NOPREFIXROUTE)

  auto operator<=>(const Address&) const = default;
};

/// A route through one end of the pair, in the words of `ip route`.
struct Route {
  cni::Prefix destination;
  std::optional<cni::IpAddress> gateway{};  ///< via; absent: directly on the link
  std::optional<cni::IpAddress> source{};   ///< src
  std::optional<std::uint32_t> mtu{};
  std::optional<std::uint32_t> advmss{};
  std::optional<std::uint32_t> priority{};
  std::optional<std::uint32_t> table{};
  std::optional<std::uint8_t> scope{};
  bool exclusive = false;  ///< the route says that the destination lives here and nowhere else: one that exists already
                           ///< is not joined

  bool operator==(const Route&) const = default;
};

/// Who has an address on the other end: put in place as "reachable", so that the first packet needs no question.
struct Neighbour {
  cni::IpAddress address;
  cni::MacAddress mac;

  auto operator<=>(const Neighbour&) const = default;
};

/// One end of the pair and all that stands on it.
struct End {
  std::string name;
  cni::MacAddress mac;
  std::vector<Address> addresses{};
  std::vector<Route> routes{};
  std::vector<Neighbour> neighbours;

  bool operator==(const End&) const = default;
};

/// The whole wanted network of one attachment.
struct Wiring {
  cni::Attachment attachment;
  std::uint32_t mtu = 1500;  ///< bytes, both ends
  bool enable_dad = false;   ///< addresses go through IPv6 duplicate address detection
  End container;
  End host;
  std::vector<cni::IpAddress>
      host_gateways;          ///< IPv6 gateways: they stand once on the host's lo, for all its containers
  bool forward_ipv4 = false;  ///< the host has to forward packets of the family
  bool forward_ipv6 = false;

  bool operator==(const Wiring&) const = default;
};

}  // namespace wiring
