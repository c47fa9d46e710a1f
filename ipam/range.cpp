#include "ipam/range.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/text/joined.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace ipam {
namespace {

[[noreturn]] void reject(const std::string& pointer, const std::string& fault) {
  throw cni::Error{cni::ErrorCode::invalid_config, pointer + ": " + fault};
}

cni::IpAddress following(cni::IpAddress address) {
  address.bits += 1;
  return address;
}

/// RFC 3021 and RFC 6164: a prefix with one or two addresses has no network address and no broadcast address.
bool has_no_network_address(const cni::Prefix& subnet) {
  return subnet.length + 1U >= cni::address_length(subnet.address.family);
}

cni::IpAddress default_first(const cni::Prefix& subnet) {
  const auto network = cni::first_address(subnet);
  return has_no_network_address(subnet) ? network : following(network);
}

cni::IpAddress default_last(const cni::Prefix& subnet) {
  auto last = cni::last_address(subnet);
  if (subnet.address.family == cni::Family::ipv4 && !has_no_network_address(subnet)) last.bits -= 1;
  return last;
}

std::optional<cni::IpAddress> default_gateway(const cni::Prefix& subnet, PointToPointGateway point_to_point_gateway) {
  if (cni::is_host_prefix(subnet)) return std::nullopt;
  if (has_no_network_address(subnet) && point_to_point_gateway == PointToPointGateway::none) return std::nullopt;
  return cni::second_address(subnet);
}

void check_subnet(const cni::Prefix& subnet, const std::string& pointer) {
  const auto network = cni::network_of(subnet);
  if (subnet != network) {
    reject(pointer, "the subnet " + cni::to_string(subnet) + " has host bits set. Use the network address " +
                        cni::to_string(network));
  }
}

void check_inside(const cni::Prefix& subnet, const cni::IpAddress& address, const std::string& what) {
  if (cni::contains(subnet, address)) return;
  reject(what, cni::to_string(address) + " is not in the subnet " + cni::to_string(subnet));
}

void check_families(const Range& range, const std::string& pointer) {
  const auto family = range.subnet.address.family;
  if (range.gateway && range.gateway->family != family) {
    reject(pointer + "/gateway", cni::to_string(*range.gateway) + " and the subnet " + cni::to_string(range.subnet) +
                                     " are of different address families");
  }
  for (const auto& prefix : range.exclude) {
    if (prefix.address.family != family) {
      reject(pointer + "/exclude", cni::to_string(prefix) + " and the subnet " + cni::to_string(range.subnet) +
                                       " are of different address families");
    }
  }
}

void check_range(const Range& range, const std::string& pointer) {
  check_inside(range.subnet, range.first, pointer + "/rangeStart");
  check_inside(range.subnet, range.last, pointer + "/rangeEnd");
  check_families(range, pointer);
  if (range.gateway && !may_be_gateway_of(range.subnet, *range.gateway))
    check_inside(range.subnet, *range.gateway, pointer + "/gateway");
  if (range.last < range.first) {
    reject(pointer, "rangeEnd " + cni::to_string(range.last) + " is before rangeStart " + cni::to_string(range.first));
  }
  if (!first_candidate({range}))
    reject(pointer,
           "no address can be assigned: each address of " + to_string(RangeSet{range}) + " is the gateway or excluded");
}

/// The last address of the gateway or excluded prefix that contains this address; nullopt if there is none.
std::optional<cni::IpAddress> end_of_unassignable(const Range& range, const cni::IpAddress& address) {
  if (address == range.gateway) return address;
  if (const auto* prefix = find_exclusion(range, address)) return cni::last_address(*prefix);
  return std::nullopt;
}

/// The first assignable address of the range, beginning at `address`. Skips each excluded prefix and each
/// taken address as a whole, so that the cost does not depend on the size of the range or of the excluded prefixes.
std::optional<cni::IpAddress> first_free(const Range& range, cni::IpAddress address,
                                         const std::vector<cni::IpAddress>& taken) {
  auto next_taken = std::ranges::lower_bound(taken, address);
  const auto end_of_taken = [&]() -> std::optional<cni::IpAddress> {
    while (next_taken != taken.end() && *next_taken < address) ++next_taken;
    return next_taken != taken.end() && *next_taken == address ? std::optional{address} : std::nullopt;
  };
  auto end = end_of_unassignable(range, address);
  for (; end || (end = end_of_taken()); end = end_of_unassignable(range, address)) {
    if (*end >= range.last) return std::nullopt;
    address = following(*end);
  }
  return address;
}

std::optional<cni::IpAddress> first_free(std::span<const Range> ranges, const std::vector<cni::IpAddress>& taken) {
  for (const auto& range : ranges) {
    if (const auto free_address = first_free(range, range.first, taken)) return free_address;
  }
  return std::nullopt;
}

bool overlap(const Range& left, const Range& right) {
  return left.subnet.address.family == right.subnet.address.family && left.first <= right.last &&
         right.first <= left.last;
}

void check_family(const RangeSet& set, const Range& range, const std::string& pointer) {
  if (set.front().subnet.address.family == range.subnet.address.family) return;
  reject(pointer, "mixed address families, " + to_string(set) + " and " + to_string(RangeSet{range}) +
                      ". Use one range set for each family");
}

void check_overlap(const RangeSet& set, const Range& range, const std::string& pointer) {
  const auto other = std::ranges::find_if(set, [&](const Range& earlier) { return overlap(earlier, range); });
  if (other == set.end()) return;
  reject(pointer, "the ranges " + to_string(RangeSet{*other}) + " and " + to_string(RangeSet{range}) + " overlap");
}

RangeSet checked_set(const std::vector<cni::RangeConfig>& configs, const std::string& pointer,
                     PointToPointGateway point_to_point_gateway) {
  if (configs.empty()) reject(pointer, "empty range set. Add a range or remove the set");
  RangeSet set;
  for (std::size_t index = 0; index < configs.size(); ++index) {
    const std::string place = pointer + "/" + std::to_string(index);
    Range range = checked_range(configs[index], place, point_to_point_gateway);
    if (!set.empty()) check_family(set, range, place);
    check_overlap(set, range, place);
    set.push_back(std::move(range));
  }
  return set;
}

/// Collects the range sets of a request from the places where they are configured.
class RangeSetCollector {
 public:
  explicit RangeSetCollector(PointToPointGateway point_to_point_gateway)
      : point_to_point_gateway_(point_to_point_gateway) {}

  void append(std::span<const std::vector<cni::RangeConfig>> configs, const std::string& pointer) {
    for (std::size_t index = 0; index < configs.size(); ++index) {
      const std::string place = pointer + "/" + std::to_string(index);
      append(checked_set(configs[index], place, point_to_point_gateway_), place);
    }
  }

  /// The first set of `ipam.ranges` may come from the object "ipam" itself: its pointer is "/ipam".
  void append(const cni::IpamConfig& ipam) {
    std::span<const std::vector<cni::RangeConfig>> configs{ipam.ranges};
    if (ipam.has_inline_range && !configs.empty()) {
      append(RangeSet{checked_range(configs.front().front(), "/ipam", point_to_point_gateway_)}, "/ipam");
      configs = configs.subspan(1);
    }
    append(configs, "/ipam/ranges");
  }

  std::vector<RangeSet> take() { return std::move(sets_); }

 private:
  void append(RangeSet set, const std::string& pointer) {
    for (const auto& earlier : sets_) {
      for (const auto& range : set) check_overlap(earlier, range, pointer);
    }
    sets_.push_back(std::move(set));
  }

  PointToPointGateway point_to_point_gateway_;
  std::vector<RangeSet> sets_;
};

/// With isGateway, the bridge needs an address in each prefix.
PointToPointGateway point_to_point_gateway_of(const cni::NetworkConfig& config) {
  const bool is_gateway = config.mode == cni::Mode::bridge && config.bridge.is_gateway;
  return is_gateway ? PointToPointGateway::second_address : PointToPointGateway::none;
}

void check_version(const std::vector<RangeSet>& sets, cni::Version version) {
  if (version >= cni::Version::v0_3_0) return;
  for (const auto family : {cni::Family::ipv4, cni::Family::ipv6}) {
    const auto of_family = [&](const RangeSet& set) { return set.front().subnet.address.family == family; };
    if (std::ranges::count_if(sets, of_family) > 1) {
      throw too_many_addresses(version, "/ipam/ranges");
    }
  }
}

std::vector<cni::IpAddress> gateways_of(const std::vector<RangeSet>& sets) {
  std::vector<cni::IpAddress> gateways;
  for (const auto& set : sets) {
    for (const auto& range : set) {
      if (range.gateway) gateways.push_back(*range.gateway);
    }
  }
  return gateways;
}

void exclude_gateways(Range& range, const std::vector<cni::IpAddress>& gateways) {
  for (const auto& gateway : gateways) {
    if (contains(range, gateway) && range.gateway != gateway) range.exclude.push_back(cni::host_prefix(gateway));
  }
}

}  // namespace

Range checked_range(const cni::RangeConfig& config, const std::string& pointer,
                    PointToPointGateway point_to_point_gateway) {
  check_subnet(config.subnet, pointer + "/subnet");
  Range range{.subnet = config.subnet,
              .first = config.range_start.value_or(default_first(config.subnet)),
              .last = config.range_end.value_or(default_last(config.subnet)),
              .gateway = config.gateway ? config.gateway : default_gateway(config.subnet, point_to_point_gateway),
              .exclude = config.exclude};
  check_range(range, pointer);
  return range;
}

cni::Error too_many_addresses(cni::Version version, const std::string& origin) {
  return {cni::ErrorCode::invalid_config,
          "CNI version " + std::string{cni::to_string(version)} + " does not support more than 1 address per family",
          origin + ": set cniVersion to \"0.3.0\" or later"};
}

std::vector<RangeSet> checked_range_sets(const cni::NetworkConfig& config) {
  RangeSetCollector collector{point_to_point_gateway_of(config)};
  collector.append(config.requested.ranges, "/runtimeConfig/ipRanges");
  collector.append(config.ipam);
  auto sets = collector.take();
  check_version(sets, config.version);
  const auto gateways = gateways_of(sets);
  for (auto& set : sets) {
    for (auto& range : set) exclude_gateways(range, gateways);
  }
  return sets;
}

bool may_be_gateway_of(const cni::Prefix& prefix, const cni::IpAddress& gateway) {
  return cni::contains(prefix, gateway) || cni::is_link_local(gateway) || cni::is_host_prefix(prefix);
}

bool contains(const Range& range, const cni::IpAddress& address) {
  return address.family == range.first.family && range.first <= address && address <= range.last;
}

std::optional<cni::IpAddress> first_candidate(const RangeSet& set) {
  return first_free(set, std::vector<cni::IpAddress>{});
}

std::optional<cni::IpAddress> first_free(const RangeSet& set, const std::vector<cni::IpAddress>& taken) {
  return first_free(std::span<const Range>{set}, taken);
}

std::optional<cni::IpAddress> next_candidate(const RangeSet& set, const cni::IpAddress& address) {
  return next_free(set, address, {});
}

std::optional<cni::IpAddress> next_free(const RangeSet& set, const cni::IpAddress& address,
                                        const std::vector<cni::IpAddress>& taken) {
  const std::span all{set};
  const Range* const range = find_range(set, address);
  if (range == nullptr) return first_free(all, taken);
  const auto index = static_cast<std::size_t>(range - set.data());
  if (address < range->last) {
    if (const auto free_address = first_free(*range, following(address), taken)) return free_address;
  }
  if (const auto free_address = first_free(all.subspan(index + 1), taken)) return free_address;
  return first_free(all.first(index + 1), taken);
}

const Range* find_range(const RangeSet& set, const cni::IpAddress& address) {
  const auto range = std::ranges::find_if(set, [&](const Range& each) { return contains(each, address); });
  return range == set.end() ? nullptr : &*range;
}

const cni::Prefix* find_exclusion(const Range& range, const cni::IpAddress& address) {
  const auto prefix =
      std::ranges::find_if(range.exclude, [&](const cni::Prefix& each) { return cni::contains(each, address); });
  return prefix == range.exclude.end() ? nullptr : &*prefix;
}

std::string to_string(const RangeSet& set) {
  return text::joined(
      set, ",", [](const Range& range) { return cni::to_string(range.first) + "-" + cni::to_string(range.last); });
}

}  // namespace ipam
