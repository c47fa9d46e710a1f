#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/network_config.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ipam {

/// A checked range: the addresses from first to last, except the gateway and the excluded prefixes.
struct Range {
  cni::Prefix subnet;
  cni::IpAddress first;
  cni::IpAddress last;
  std::optional<cni::IpAddress> gateway;
  std::vector<cni::Prefix> exclude;

  bool operator==(const Range&) const = default;
};

/// Addresses are assigned from the ranges of a set in their order. After the last address the first one follows.
using RangeSet = std::vector<Range>;

/// The gateway of a /31 or /127 without a configured gateway.
enum class PointToPointGateway {
  none,           ///< no gateway: both addresses can be assigned
  second_address  ///< network + 1, as in larger subnets
};

/// Checks the range and sets the defaults: first = network + 1, last = broadcast - 1 (IPv4) or the last address (IPv6),
/// gateway = network + 1. All addresses of a /31, /127, /32 and /128 can be assigned; a /32 or /128 has no default
/// gateway. Throws Error invalid_config with `pointer` for host bits in the subnet, for a start or an end outside the
/// subnet, for an end before the start, for mixed families, and if no address can be assigned.
Range checked_range(const cni::RangeConfig& config, const std::string& pointer,
                    PointToPointGateway point_to_point_gateway = PointToPointGateway::none);

/// The error for two addresses of a family in version 0.1.0 or 0.2.0, with the text of the reference plugins. `origin`:
/// the addresses.
cni::Error too_many_addresses(cni::Version version, const std::string& origin);

/// All sets of a request: those of the runtime, followed by those of the configuration. Throws Error invalid_config
/// also for an empty set, a set with both families, overlapping ranges, and two sets of one family in version 0.1.0 and
/// 0.2.0. The gateway of each range is excluded from all ranges.
std::vector<RangeSet> checked_range_sets(const cni::NetworkConfig& config);

/// False if the addresses of the prefix cannot reach the gateway without a route of its own: it is not in the prefix.
/// Link-local gateways, and the gateways of single addresses (/32, /128), need not be.
bool may_be_gateway_of(const cni::Prefix& prefix, const cni::IpAddress& gateway);

bool contains(const Range& range, const cni::IpAddress& address);

/// The first address of the set that can be assigned: neither a gateway nor excluded.
std::optional<cni::IpAddress> first_candidate(const RangeSet& set);

/// The next assignable address after `address`; after the last one the first one follows. first_candidate() if
/// `address` is not in the set. nullopt if the set has none.
std::optional<cni::IpAddress> next_candidate(const RangeSet& set, const cni::IpAddress& address);

/// The first address of the set that can be assigned and is not in `taken`, which must be sorted in ascending order.
std::optional<cni::IpAddress> first_free(const RangeSet& set, const std::vector<cni::IpAddress>& taken);

/// As next_candidate, but skips the addresses in `taken`, which must be sorted in ascending order. nullopt if all are
/// taken.
std::optional<cni::IpAddress> next_free(const RangeSet& set, const cni::IpAddress& address,
                                        const std::vector<cni::IpAddress>& taken);

/// The range that contains the address, even if the address is its gateway or excluded; nullptr if there is none.
const Range* find_range(const RangeSet& set, const cni::IpAddress& address);

/// The prefix that excludes the address; nullptr if there is none.
const cni::Prefix* find_exclusion(const Range& range, const cni::IpAddress& address);

/// "10.1.2.2-10.1.2.9,10.1.2.20-10.1.2.29"
std::string to_string(const RangeSet& set);

}  // namespace ipam
