#pragma once

#include "integration/support/namespace.hpp"

#include <string>

namespace support {

/// Writes /proc/sys/net/NAME in the namespace. NAME is for example "ipv4/ip_forward". Throws std::system_error.
void set_sysctl(const Namespace& netns, const std::string& name, const std::string& value);

/// The value without its newline; empty: there is no such sysctl.
std::string sysctl_of(const Namespace& netns, const std::string& name);

}  // namespace support
