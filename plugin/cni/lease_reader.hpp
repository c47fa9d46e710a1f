#pragma once

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/lease.hpp"

#include <string_view>
#include <vector>

// The parts of a lease as JSON: the network configuration, runtimes and the answers of IPAM plugins write them alike.
namespace cni {

/// What becomes of members that nobody asked for: in the user's own text a near miss is refused, from other programs
/// everything is accepted.
enum class UnknownKeys { accept, refuse_near_misses };

Route read_route(const JsonValue& value, UnknownKeys unknown_keys);

/// The array `key`; absent: none.
std::vector<Route> read_routes(JsonObject& object, std::string_view key, UnknownKeys unknown_keys);

/// The keys of the specification: nameservers, domain, search, options.
Dns read_dns(const JsonValue& value);

/// The object `key`; absent: nothing set.
Dns read_dns(JsonObject& object, std::string_view key);

std::optional<IpAddress> find_address(JsonObject& object, std::string_view key);

/// The elements of the array `key`, at most 4096; absent: none.
std::vector<JsonValue> read_elements(JsonObject& object, std::string_view key);
std::vector<JsonValue> read_elements(const JsonValue& value);

}  // namespace cni
