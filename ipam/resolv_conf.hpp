#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/network_config.hpp"

#include <string_view>

namespace ipam {

/// Parses a resolv.conf(5). All lines "nameserver", "search" and "options" are combined; the last "domain" is used.
/// Invalid lines are ignored.
cni::Dns parse_resolv_conf(std::string_view text);

/// A lease without addresses: the routes of the configuration, and the DNS settings from the file resolvConf or else
/// from the configuration. Throws Error invalid_config if the file is missing or is not a regular file.
cni::Lease lease_without_addresses(const cni::IpamConfig& config);

}  // namespace ipam
