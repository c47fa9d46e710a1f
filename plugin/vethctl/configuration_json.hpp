#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

// Members of a network configuration that may be anybody's, or wrong.
namespace vethctl {

/// Without regard to case, as libcni and the plugin find it; null where it is not there.
const nlohmann::ordered_json* find_member(const nlohmann::ordered_json& object, std::string_view key);

/// Empty where there is no such string.
std::string string_at(const nlohmann::ordered_json& object, std::string_view key);

/// The type of a plugin's IPAM; empty where there is none that can be read.
std::string ipam_type_of(const nlohmann::ordered_json& plugin);

}  // namespace vethctl
