#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

// Members of a network configuration that may be invalid or belong to another plugin.
namespace vethctl {

/// Ignores case, as libcni and the plugin do; null if the member is missing.
const nlohmann::ordered_json* find_member(const nlohmann::ordered_json& object, std::string_view key);

/// Empty if there is no such string.
std::string string_at(const nlohmann::ordered_json& object, std::string_view key);

/// The type of the plugin's IPAM; empty if it is missing or invalid.
std::string ipam_type_of(const nlohmann::ordered_json& plugin);

}  // namespace vethctl
