#include "plugin/vethctl/cable_addresses.hpp"

#include <algorithm>
#include <string>

namespace vethctl {
namespace {

/// Of a /31 and a /127 both addresses can be had (RFC 3021, RFC 6164), of others not the network's own.
bool is_pair(const cni::Prefix& prefix) { return prefix.length + 1U == cni::address_length(prefix.address.family); }

cni::IpAddress first_usable(const cni::Prefix& prefix) {
  auto address = cni::first_address(prefix);
  if (!is_pair(prefix)) ++address.bits;
  return address;
}

cni::IpAddress counterpart_of(const cni::Prefix& prefix) {
  auto address = first_usable(prefix);
  if (address == prefix.address) ++address.bits;
  return address;
}

/// The first usable addresses of the networks with this number.
std::vector<cni::Prefix> addresses_with(unsigned number) {
  const auto text = std::to_string(number);
  return {*cni::find_prefix("192.168." + text + ".1/24"), *cni::find_prefix("fd00:192:168:" + text + "::1/64")};
}

}  // namespace

std::vector<cni::Prefix> counterparts_of(const std::vector<cni::Prefix>& addresses) {
  std::vector<cni::Prefix> others;
  for (const auto& prefix : addresses) {
    if (!cni::is_host_prefix(prefix)) others.push_back({counterpart_of(prefix), prefix.length});
  }
  return others;
}

std::optional<CableAddresses> choose_addresses(const std::vector<cni::Prefix>& taken) {
  constexpr unsigned first = 10;
  constexpr unsigned last = 254;
  for (unsigned number = first; number <= last; ++number) {
    auto addresses = addresses_with(number);
    const bool is_free = std::ranges::none_of(addresses, [&](const cni::Prefix& address) {
      return std::ranges::any_of(taken, [&](const cni::Prefix& other) { return cni::overlap(address, other); });
    });
    if (is_free) return CableAddresses{.one = addresses, .other = counterparts_of(addresses)};
  }
  return std::nullopt;
}

}  // namespace vethctl
