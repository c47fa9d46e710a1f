#pragma once

#include "plugin/cni/tuning.hpp"

#include <string>
#include <vector>

namespace verbs {

/// Where the node's administrator says which sysctls may be set, as for the reference plugin tuning: a regular
/// expression a line, one of which has to be found in the key as it is written. Who writes a configuration, or the
/// args.cni of one, need not be the administrator.
constexpr auto sysctl_allow_list = "/etc/cni/tuning/allowlist.conf";

/// Throws cni::Error invalid_config for a sysctl that may not be set: by the list at that path, or where there is none
/// by the default one.
void require_allowed(const std::vector<cni::Sysctl>& sysctls, const std::string& allow_list);

}  // namespace verbs
