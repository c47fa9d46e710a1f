#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/network_config.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ipam {

/// A checked range: addresses from first to last, except the gateway and the excluded.
struct Range {
  cni::Prefix subnet;
  cni::IpAddress first;
  cni::IpAddress last;
  std::optional<cni::IpAddress> gateway;
  std::vector<cni::Prefix> exclude;

  bool operator==(const Range&) const = default;
};

/// A range set gives one address from any of its ranges, in their order and round and round.
using RangeSet = std::vector<Range>;

/// The gateway of a /31 or /127 for which none is given.
enum class PairGateway {
  none,   ///< both addresses are given out
  second  ///< as in larger subnets: network + 1
};

/// Fills in the defaults: first = network + 1, last = broadcast - 1 (IPv4) or the last address (IPv6), gateway =
/// network + 1. A /31 or /127 has two addresses and a /32 or /128 one; a /32 or /128 has no gateway unless one is
/// given. Throws Error invalid_config with `pointer` for host bits in the subnet, a start or an end outside of it, an
/// end before its start, families that mix, and ranges that leave no address.
Range checked_range(const cni::RangeConfig& config, const std::string& pointer,
                    PairGateway pair_gateway = PairGateway::none);

/// All sets of a request: those the runtime wishes before those of the configuration. Throws Error invalid_config also
/// for an empty set, sets that mix families, ranges that overlap, and two sets of one family under version 0.1.0 and
/// 0.2.0. The gateway of one range is excluded from all others.
std::vector<RangeSet> checked_range_sets(const cni::NetworkConfig& config);

bool contains(const Range& range, const cni::IpAddress& address);

/// The first address of the set that may be given out (neither gateway nor excluded).
std::optional<cni::IpAddress> first_candidate(const RangeSet& set);

/// The one that follows `address` in the set, going round; first_candidate where `address` is not in the set. nullopt
/// where the set has none.
std::optional<cni::IpAddress> next_candidate(const RangeSet& set, const cni::IpAddress& address);

/// As next_candidate, and none of `taken`, which has to be in ascending order; nullopt where all are taken.
std::optional<cni::IpAddress> next_free(const RangeSet& set, const cni::IpAddress& address,
                                        const std::vector<cni::IpAddress>& taken);

/// The range that the address lies in, its gateway and what it excludes included; nullptr where there is none.
const Range* find_range(const RangeSet& set, const cni::IpAddress& address);

/// The prefix that excludes the address; nullptr where none does.
const cni::Prefix* find_exclusion(const Range& range, const cni::IpAddress& address);

/// "10.1.2.2-10.1.2.9,10.1.2.20-10.1.2.29"
std::string to_string(const RangeSet& set);

}  // namespace ipam
