#pragma once

#include "plugin/cni/address.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cni {

/// A route of the container, with the members of a route in the specification's result.
struct Route {
  Prefix destination;
  std::optional<IpAddress> gateway{};       ///< absent: the gateway of the first address of the family that has one
  std::optional<std::uint32_t> mtu{};       ///< bytes
  std::optional<std::uint32_t> advmss{};    ///< bytes
  std::optional<std::uint32_t> priority{};  ///< the metric; a smaller value is preferred
  std::optional<std::uint32_t> table{};     ///< number of the routing table; absent: main
  std::optional<std::uint8_t> scope{};      ///< as in rt_scope_t: 0 universe, 253 link, 254 host

  bool operator==(const Route&) const = default;
};

/// The DNS settings that a runtime writes into the container's resolv.conf.
struct Dns {
  std::vector<std::string> nameservers;
  std::string domain{};
  std::vector<std::string> search{};
  std::vector<std::string> options{};

  bool operator==(const Dns&) const = default;
};

struct LeasedAddress {
  Prefix address;  ///< with the prefix length of its network
  std::optional<IpAddress> gateway{};

  bool operator==(const LeasedAddress&) const = default;
};

/// The addresses, routes and DNS settings that an IPAM assigns to one attachment.
struct Lease {
  std::vector<LeasedAddress> addresses;
  std::vector<Route> routes{};
  Dns dns{};
  std::vector<Prefix> pool{};  ///< of the cluster: packets to these keep the container's address

  bool operator==(const Lease&) const = default;
};

}  // namespace cni
