#pragma once

#include <string>
#include <unordered_set>
#include <vector>

namespace kernel {

/// The names of the interfaces in the namespace of this process, of one kind ("bridge", "veth") or, if it is empty, of
/// all kinds. Throws std::system_error.
std::vector<std::string> interface_names(const std::string& kind = {});

/// The names of the interfaces with IPv6, in the namespace of this process. Takes a tenth of the time of
/// interface_names(). IPv6 is on all interfaces with an MTU of at least 1280, unless the host has none: then the result
/// is empty.
std::unordered_set<std::string> interfaces_with_ipv6();

}  // namespace kernel
