#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <vector>

// Network configurations that several tests use.
namespace support {

using nlohmann::json;

/// Type veth, mode ptp, one address of 10.1.2.0/24 and one of fd00:1:2::/64, default routes of both families,
/// cniVersion 1.0.0.
json dual_stack();

/// dual_stack() with only 10.1.2.0/24.
json ipv4_only();

/// dual_stack() in mode "ptp" or "bridge", cniVersion 1.1.0. The bridge is br0 and has the gateway addresses.
json in_mode(const std::string& mode);

/// in_mode() with 10.1.2.0/28, of which 13 addresses can be allocated, and fd00:1:2::/64.
json small_range(const std::string& mode = "ptp");
constexpr std::size_t small_range_size = 13;

/// The object "ipam" of type veth-ipam, with a range set and a default route for each subnet.
json veth_ipam(const std::vector<std::string>& subnets);

}  // namespace support
