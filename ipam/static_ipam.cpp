#include "ipam/static_ipam.hpp"

#include "ipam/fixed_ipam.hpp"
#include "ipam/resolv_conf.hpp"
#include "plugin/cni/error.hpp"

namespace ipam {

Allocation StaticIpam::allocate() {
  auto lease = lease_without_addresses(config_.ipam);
  lease.addresses = configured_addresses(config_);
  return lease;
}

void StaticIpam::check() {
  if (!config_.previous)
    throw cni::Error{cni::ErrorCode::invalid_config, "/prevResult: missing: CHECK needs the result of the ADD"};
  for (const auto& [address, gateway] : configured_addresses(config_)) {
    for (const auto& given : config_.previous->addresses) {
      if (given.address.address != address.address || given.gateway == gateway) continue;
      throw cni::Error{cni::ErrorCode::differs, "static: the gateway of address " + cni::to_string(address) +
                                                    " differs between /ipam/addresses and /prevResult"};
    }
  }
}

void StaticIpam::status() { configured_addresses(config_); }

}  // namespace ipam
