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

// How single values stand in all reports.
namespace report {

/// Characters (code points) of UTF-8 text: the columns it fills in a terminal, wide characters aside.
std::size_t width_of(std::string_view text);

/// At most `width` characters; a longer text is cut and ends in "…".
std::string cut(std::string_view text, std::size_t width);

/// "42s", "7m", "5h", "3d"; "-" where it is not known.
std::string age_words(const std::optional<std::chrono::seconds>& age);

/// A namespace as `ip netns` calls it: "blue" for /run/netns/blue, "host" for our own, other paths whole; "-" for
/// none.
std::string namespace_words(const std::string& path);

/// An ID of 64 hexadecimal digits by its first 12, as `crictl ps` shows it; other names whole.
std::string container_words(const std::string& container);

std::vector<std::string> texts(const std::vector<cni::Prefix>& prefixes);
std::vector<std::string> texts(const std::vector<cni::IpAddress>& addresses);
std::vector<std::string> texts(const std::vector<wiring::Route>& routes);
std::vector<std::string> texts(const std::vector<wiring::Difference>& differences);

/// As `ip route` says it: "0.0.0.0/0 via 10.1.2.1 src 10.1.2.5 table 100".
std::string words(const wiring::Route& route);

/// In bits per second with the largest unit that leaves a whole number, and bytes: "20 Mbit/s, burst 25000".
std::string words(const wiring::RateLimit& limit);

}  // namespace report
