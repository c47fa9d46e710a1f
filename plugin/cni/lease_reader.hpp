#pragma once

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/lease.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

// Parts of a lease in JSON: they have the same form in network configurations, in runtimeConfig and in results.
namespace cni {

/// How unknown members are treated: misspelled keys are rejected in texts written by users and accepted from programs.
enum class UnknownKeys { accept, reject_misspelled };

Route read_route(const JsonValue& value, UnknownKeys unknown_keys);

/// Reads the array `key`; empty if it is absent.
std::vector<Route> read_routes(JsonObject& object, std::string_view key, UnknownKeys unknown_keys);

/// Reads the keys of the specification: nameservers, domain, search, options.
Dns read_dns(const JsonValue& value);

/// Reads the object `key`; empty if it is absent.
Dns read_dns(JsonObject& object, std::string_view key);

std::optional<IpAddress> find_address(JsonObject& object, std::string_view key);

inline constexpr std::size_t most_elements = 4096;

/// The elements of the array `key`, at most `most_elements`; empty if it is absent.
std::vector<JsonValue> read_elements(JsonObject& object, std::string_view key);
std::vector<JsonValue> read_elements(const JsonValue& value, std::size_t most = most_elements);

}  // namespace cni
