#pragma once

#include "integration/support/namespace.hpp"

#include <string>

namespace support {

/// Sets what stands at /proc/sys/net/NAME in the namespace: "ipv4/ip_forward". Throws std::system_error.
void set_sysctl(const Namespace& place, const std::string& name, const std::string& value);

/// What stands there, without its newline. Empty where there is none.
std::string sysctl_of(const Namespace& place, const std::string& name);

}  // namespace support
