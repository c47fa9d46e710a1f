#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/network_config.hpp"

#include <string_view>

namespace ipam {

/// The settings of a resolv.conf(5): "nameserver" and "search" and "options" add up, the last "domain" counts. Nothing
/// is an error.
cni::Dns parse_resolv_conf(std::string_view text);

/// What a lease says besides its addresses: the routes of the configuration, and DNS from the file that it names, or
/// else its own. Throws Error invalid_config where that file is missing or no regular file.
cni::Lease lease_without_addresses(const cni::IpamConfig& config);

}  // namespace ipam
