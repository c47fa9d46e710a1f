#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <vector>

// The network configurations that several tests use.
namespace support {

using nlohmann::json;

/// Type veth, mode ptp, one address of 10.1.2.0/24 and one of fd00:1:2::/64, default routes of both families,
/// cniVersion 1.0.0.
json dual_stack();

/// The same with 10.1.2.0/24 alone.
json ipv4_only();

/// dual_stack() in the mode "ptp" or "bridge": bridge br0, which carries the gateways; cniVersion 1.1.0.
json in_mode(const std::string& mode);

/// in_mode() with 10.1.2.0/28, of which 13 addresses can be given out, and fd00:1:2::/64.
json of_few_addresses(const std::string& mode = "ptp");
constexpr std::size_t few_addresses = 13;

/// The object "ipam" of type veth-ipam with one range set for each subnet, and a default route for each of their
/// families.
json veth_ipam(const std::vector<std::string>& subnets);

}  // namespace support
