#pragma once

#include "integration/support/namespace.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace support {

using nlohmann::json;

/// What `ip -j ARGUMENTS` says in the namespace. Throws std::runtime_error with its complaint where it fails.
json ip(const Namespace& place, const std::vector<std::string>& arguments);

/// `ip ARGUMENTS` that changes something. Throws as above.
void change_ip(const Namespace& place, const std::vector<std::string>& arguments);

/// Whether one echo request to the address is answered within two seconds, or one of several where `tries` says so.
bool ping(const Namespace& from, const std::string& address, int tries = 1);

/// The addresses of an interface in `ip`'s words, "10.1.2.3/24"; without the IPv6 link-local ones. Throws where there
/// is no such interface.
std::vector<std::string> addresses(const Namespace& place, const std::string& interface);

/// The routes of the main table of one family (4 or 6), each one as "DESTINATION via GATEWAY dev INTERFACE"; those of
/// link-local and multicast addresses are left out.
std::vector<std::string> routes(const Namespace& place, int family);

/// Whether there is an interface of this name.
bool has_interface(const Namespace& place, const std::string& name);

}  // namespace support
