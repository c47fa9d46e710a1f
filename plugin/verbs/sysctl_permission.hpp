#pragma once

#include "plugin/cni/tuning.hpp"

#include <string>
#include <vector>

namespace verbs {

/// The sysctls that the administrator allows, as for the reference plugin tuning: one regular expression per line, one
/// of which has to match a part of the key as it is written. Users who write a configuration or args.cni may have fewer
/// rights than the administrator.
constexpr auto sysctl_allow_list = "/etc/cni/tuning/allowlist.conf";

/// Throws cni::Error invalid_config for a sysctl that is not in the list at that path, or, if the file does not exist,
/// in the default list.
void require_allowed(const std::vector<cni::Sysctl>& sysctls, const std::string& allow_list);

/// As require_allowed(), but without a file all sysctls are allowed, as for the reference plugin tuning.
void require_allowed_if_listed(const std::vector<cni::Sysctl>& sysctls, const std::string& allow_list);

}  // namespace verbs
