#pragma once

#include "integration/support/namespace.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace support {

using nlohmann::json;

/// The output of `ip -j ARGUMENTS` in the namespace. Throws std::runtime_error with its error message if it fails.
json ip(const Namespace& netns, const std::vector<std::string>& arguments);

/// Runs `ip ARGUMENTS` in the namespace. Throws like ip().
void run_ip(const Namespace& netns, const std::vector<std::string>& arguments);

/// Sets the interface down and renames it. Linux before 6.2 refuses both in one message.
void rename_interface(const Namespace& netns, const std::string& interface, const std::string& name);

/// Sets the interface up without a link-local address of the kernel. In one message the kernel would set it up first.
void bring_up_without_address(const Namespace& netns, const std::string& interface);

/// Whether an echo request to the address is answered within two seconds; `tries`: the maximum number of requests.
bool ping(const Namespace& from, const std::string& address, int tries = 1);

/// The addresses of an interface, such as "10.1.2.3/24", without IPv6 link-local ones. Throws if there is no such
/// interface.
std::vector<std::string> addresses(const Namespace& netns, const std::string& interface);

/// The routes of the main table of one family (4 or 6), each as "DESTINATION via GATEWAY dev INTERFACE", without those
/// to link-local and multicast addresses.
std::vector<std::string> routes(const Namespace& netns, int family);

bool has_interface(const Namespace& netns, const std::string& name);

}  // namespace support
