#include "plugin/veth_ipam/lease_result.hpp"

#include <optional>

namespace veth_ipam {

cni::Result result_of(const cni::Lease& lease) {
  cni::Result result;
  result.routes = lease.routes;
  result.dns = lease.dns;
  for (const auto& leased : lease.addresses) {
    result.addresses.push_back({std::nullopt, leased.address, leased.gateway});
  }
  return result;
}

}  // namespace veth_ipam
