#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/wiring/difference.hpp"
#include "plugin/wiring/wiring.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The text form of single values, the same in all reports.
namespace report {

/// Whether the byte of UTF-8 text is the first one of a character.
bool begins_character(char byte);

/// Number of code points of UTF-8 text: its columns in a terminal. (Wide characters count as one.)
std::size_t display_width(std::string_view text);

/// "1 finding", "2 findings".
std::string counted(std::size_t count, std::string_view noun);

/// At most `width` characters; a longer text is truncated and ends in "…".
std::string truncate(std::string_view text, std::size_t width);

/// "42s", "7m", "5h", "3d"; "-" for nullopt.
std::string format_age(const std::optional<std::chrono::seconds>& age);

/// "blue" for /run/netns/blue as in ip-netns(8), "host" for the own namespace, "-" for an empty path; other paths
/// unchanged.
std::string format_namespace(const std::string& path);

/// The first 12 digits of an ID of 64 hexadecimal digits, as in the output of `crictl ps`; other names unchanged.
std::string format_container(const std::string& container);

std::vector<std::string> texts(const std::vector<cni::Prefix>& prefixes);
std::vector<std::string> texts(const std::vector<cni::IpAddress>& addresses);
std::vector<std::string> texts(const std::vector<wiring::Route>& routes);
std::vector<std::string> texts(const std::vector<wiring::Difference>& differences);

/// In the form of ip-route(8): "0.0.0.0/0 via 10.1.2.1 src 10.1.2.5 table 100".
std::string format(const wiring::Route& route);

/// The rate in the largest unit that gives an integer: "20 Mbit/s".
std::string format_rate(const wiring::RateLimit& limit);

/// Rate in the largest unit that gives an integer, burst in bytes: "20 Mbit/s, burst 25000".
std::string format(const wiring::RateLimit& limit);

}  // namespace report
