#pragma once

#include "plugin/cni/address.hpp"

#include <string>
#include <vector>

namespace diagnosis {

/// The attachments of this node that have an address in one of the prefixes: NETWORK/CONTAINER/INTERFACE, or the
/// address if there is no record of its holder. In ascending order. Throws std::system_error.
std::vector<std::string> read_holders(const std::vector<cni::Prefix>& prefixes, const std::string& state_root);

}  // namespace diagnosis
