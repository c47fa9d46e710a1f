#pragma once

#include "plugin/cni/address.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cni {

/// A route of the container, as the specification's result has it.
struct Route {
  Prefix destination;
  std::optional<IpAddress> gateway{};       ///< absent: the gateway of the family's first address that has one
  std::optional<std::uint32_t> mtu{};       ///< bytes
  std::optional<std::uint32_t> advmss{};    ///< bytes
  std::optional<std::uint32_t> priority{};  ///< the metric; smaller is preferred
  std::optional<std::uint32_t> table{};     ///< number of the routing table; absent: main
  std::optional<std::uint8_t> scope{};      ///< as in rt_scope_t: 0 universe, 253 link, 254 host

  bool operator==(const Route&) const = default;
};

/// The DNS settings a runtime writes into the container's resolv.conf.
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

/// What an IPAM gives to one attachment.
struct Lease {
  std::vector<LeasedAddress> addresses;
  std::vector<Route> routes{};
  Dns dns{};

  bool operator==(const Lease&) const = default;
};

}  // namespace cni
