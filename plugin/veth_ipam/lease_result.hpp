#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/result.hpp"

namespace veth_ipam {

/// The result of an IPAM plugin: addresses without an interface.
cni::Result result_of(const cni::Lease& lease);

}  // namespace veth_ipam
