#include "ipam/fixed_ipam.hpp"

#include "ipam/range.hpp"
#include "ipam/reservation.hpp"
#include "ipam/resolv_conf.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/state/folder.hpp"

#include <algorithm>
#include <string>

namespace ipam {
namespace {

[[noreturn]] void reject(const std::string& fault) { throw cni::Error{cni::ErrorCode::invalid_config, fault}; }

cni::LeasedAddress leased(const cni::RequestedAddress& request) {
  const std::string text = cni::to_string(request.address);
  if (!request.prefix_length)
    reject("requested address " + text + " needs a prefix length, as in \"" + text +
           (request.address.family == cni::Family::ipv4 ? "/24\"" : "/64\""));
  return {.address = {.address = request.address, .length = *request.prefix_length}, .gateway = request.gateway};
}

/// With the text of the reference plugin static.
void require_prefix_lengths(const std::vector<cni::RequestedAddress>& requested) {
  for (const auto& [address, length, gateway] : requested) {
    if (length) continue;
    throw cni::Error{cni::ErrorCode::invalid_config,
                     "an entry in the 'ips' field is NOT in CIDR notation, got: '" + cni::to_string(address) + "'",
                     "append the prefix length, as in 10.1.2.3/24"};
  }
}

std::vector<cni::LeasedAddress> unchecked_addresses(const cni::NetworkConfig& config) {
  if (config.requested.addresses.empty()) return config.ipam.addresses;
  std::vector<cni::LeasedAddress> addresses;
  for (const auto& request : config.requested.addresses) addresses.push_back(leased(request));
  return addresses;
}

/// The source of the addresses, for messages.
std::string origin_of(const cni::NetworkConfig& config) {
  return config.requested.addresses.empty() ? "/ipam/addresses" : "requested addresses";
}

void check_distinct(const std::vector<cni::LeasedAddress>& addresses, const std::string& origin) {
  for (auto address = addresses.begin(); address != addresses.end(); ++address) {
    const auto is_same = [&](const cni::LeasedAddress& other) {
      return other.address.address == address->address.address;
    };
    if (std::any_of(addresses.begin(), address, is_same)) {
      reject(origin + ": " + cni::to_string(address->address.address) + " is given twice. Remove one of them");
    }
  }
}

void check_version(const std::vector<cni::LeasedAddress>& addresses, cni::Version version, const std::string& origin) {
  if (version >= cni::Version::v0_3_0) return;
  for (const auto family : {cni::Family::ipv4, cni::Family::ipv6}) {
    const auto of_family = [&](const cni::LeasedAddress& address) { return address.address.address.family == family; };
    if (std::ranges::count_if(addresses, of_family) > 1) {
      throw too_many_addresses(version, origin);
    }
  }
}

/// With isGateway, an address without a gateway gets the first address of its prefix as its gateway.
void check_gateways(const std::vector<cni::LeasedAddress>& addresses, const cni::NetworkConfig& config,
                    const std::string& origin) {
  const bool is_computed = config.mode == cni::Mode::bridge && config.bridge.is_gateway;
  for (const auto& [address, given] : addresses) {
    const auto gateway = !given && is_computed ? cni::second_address(address) : given;
    if (gateway == address.address)
      reject(origin + ": " + cni::to_string(address) + " is its own gateway. Use another address or another gateway");
    if (given && !may_be_gateway_of(address, *given)) {
      reject(origin + ": the gateway " + cni::to_string(*given) + " is not in the network of " +
             cni::to_string(address) + ". Correct one of them");
    }
  }
}

std::vector<cni::IpAddress> without_prefixes(const std::vector<cni::LeasedAddress>& leased) {
  std::vector<cni::IpAddress> addresses;
  addresses.reserve(leased.size());
  for (const auto& each : leased) addresses.push_back(each.address.address);
  return addresses;
}

}  // namespace

std::vector<cni::LeasedAddress> configured_addresses(const cni::NetworkConfig& config) {
  require_prefix_lengths(config.requested.addresses);
  auto addresses = unchecked_addresses(config);
  check_version(addresses, config.version, origin_of(config));
  return addresses;
}

std::vector<cni::LeasedAddress> fixed_addresses(const cni::NetworkConfig& config) {
  auto addresses = unchecked_addresses(config);
  if (addresses.empty())
    reject("/ipam: no IP ranges specified and no addresses. Add \"subnet\", \"ranges\" or \"addresses\"");
  const auto origin = origin_of(config);
  check_distinct(addresses, origin);
  check_version(addresses, config.version, origin);
  check_gateways(addresses, config, origin);
  return addresses;
}

Allocation FixedIpam::allocate() {
  if (folder_ == nullptr)
    throw cni::Error{cni::ErrorCode::internal, "cannot allocate addresses: there is no state folder"};
  const std::string& network = request_.attachment.network;
  const auto addresses = fixed_addresses(request_.config);
  cni::Lease lease = lease_without_addresses(request_.config.ipam);
  if (!reserves_addresses(request_)) {
    lease.addresses = addresses;
    return lease;
  }
  const auto lock = folder_->locks.network(network);
  const auto occupied = Reservation{*folder_, request_}.take(without_prefixes(addresses));
  if (occupied) return requested_address_in_use(*folder_, request_, *occupied);
  lease.addresses = addresses;
  return lease;
}

void FixedIpam::check() {
  const auto addresses = without_prefixes(fixed_addresses(request_.config));
  check_reservation(request_, folder_, [&](const cni::IpAddress& address) {
    return std::ranges::find(addresses, address) != addresses.end();
  });
}

void FixedIpam::gc(const std::set<cni::Tag>& valid) { release_unrecorded(request_, folder_, valid); }

/// Addresses that the runtime will request are not known to STATUS.
void FixedIpam::status() {
  const bool has_own = !request_.config.ipam.addresses.empty() || !request_.config.requested.addresses.empty();
  if (has_own) fixed_addresses(request_.config);
}

}  // namespace ipam
