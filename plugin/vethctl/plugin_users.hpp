#pragma once

#include <string>
#include <vector>

namespace vethctl {

/// The paths of the configurations in the folder (.conf, .conflist, .json) with a plugin or an IPAM of one of these
/// types, in ascending order. Empty if the folder does not exist. Throws std::system_error.
std::vector<std::string> configurations_using(const std::vector<std::string>& types, const std::string& folder);

}  // namespace vethctl
