#pragma once

#include "plugin/cni/address.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vethctl {

/// The addresses of the two ends of a connection.
struct ConnectionAddresses {
  std::vector<cni::Prefix> container{};
  std::vector<cni::Prefix> other{};

  bool operator==(const ConnectionAddresses&) const = default;
};

/// The first two addresses of the first IPv4 and IPv6 networks that overlap none of `taken`: 192.168.10.0/24 and
/// fd00:192:168:10::/64, then 11 instead of 10, up to 254. nullopt if all are taken.
std::optional<ConnectionAddresses> choose_addresses(const std::vector<cni::Prefix>& taken);

/// For each address the first other address of its network; none for /32 and /128.
std::vector<cni::Prefix> peer_addresses_for(const std::vector<cni::Prefix>& addresses);

/// An address that is used in one of the namespaces of a connection.
struct UsedAddress {
  cni::IpAddress address;
  std::string user;  ///< for messages: "attachment vethctl/net0/eth0"

  bool operator==(const UsedAddress&) const = default;
};

/// Throws cni::Error address_in_use if one of the addresses is among `used`.
void require_unused(const ConnectionAddresses& addresses, const std::vector<UsedAddress>& used);

}  // namespace vethctl
