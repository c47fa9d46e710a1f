#include "plugin/vethctl/connection_addresses.hpp"

#include "plugin/cni/error.hpp"

#include <algorithm>

namespace vethctl {
namespace {

/// Both addresses of a /31 or /127 can be assigned (RFC 3021, RFC 6164).
bool is_point_to_point(const cni::Prefix& prefix) {
  return prefix.length + 1U == cni::address_length(prefix.address.family);
}

cni::IpAddress first_usable(const cni::Prefix& prefix) {
  auto address = cni::first_address(prefix);
  if (!is_point_to_point(prefix)) ++address.bits;
  return address;
}

cni::IpAddress peer_address_for(const cni::Prefix& prefix) {
  auto address = first_usable(prefix);
  if (address == prefix.address) ++address.bits;
  return address;
}

/// The first addresses of the networks with this number.
std::vector<cni::Prefix> addresses_with(unsigned number) {
  const auto text = std::to_string(number);
  return {*cni::find_prefix("192.168." + text + ".1/24"), *cni::find_prefix("fd00:192:168:" + text + "::1/64")};
}

}  // namespace

std::vector<cni::Prefix> peer_addresses_for(const std::vector<cni::Prefix>& addresses) {
  std::vector<cni::Prefix> others;
  for (const auto& prefix : addresses) {
    if (!cni::is_host_prefix(prefix)) others.push_back({peer_address_for(prefix), prefix.length});
  }
  return others;
}

std::optional<ConnectionAddresses> choose_addresses(const std::vector<cni::Prefix>& taken) {
  constexpr unsigned first = 10;
  constexpr unsigned last = 254;
  for (unsigned number = first; number <= last; ++number) {
    auto addresses = addresses_with(number);
    const bool is_free = std::ranges::none_of(addresses, [&](const cni::Prefix& address) {
      return std::ranges::any_of(taken, [&](const cni::Prefix& other) { return cni::overlap(address, other); });
    });
    if (is_free) return ConnectionAddresses{.container = addresses, .other = peer_addresses_for(addresses)};
  }
  return std::nullopt;
}

void require_unused(const ConnectionAddresses& addresses, const std::vector<UsedAddress>& used) {
  for (const auto* end : {&addresses.container, &addresses.other}) {
    for (const auto& [address, length] : *end) {
      const auto found = std::ranges::find(used, address, &UsedAddress::address);
      if (found == used.end()) continue;
      throw cni::Error{cni::ErrorCode::address_in_use,
                       "address " + cni::to_string(address) + " is used by " + found->user,
                       "give another address: each one must be unique in the two namespaces of the connection"};
    }
  }
}

}  // namespace vethctl
