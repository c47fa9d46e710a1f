#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>

// Members of JSON objects whose types may be wrong: netavark writes null for what is absent.
namespace netavark {

/// Throws cni::Error decoding_failure unless the text is a JSON object; `what` names it.
nlohmann::ordered_json parse_object(const std::string& text, std::string_view what);

/// null if the value is not an object, or has no such member.
const nlohmann::ordered_json& member(const nlohmann::ordered_json& object, std::string_view key);

/// Empty if the member is absent or not a string.
std::string text_of(const nlohmann::ordered_json& object, std::string_view key);

/// Throws cni::Error invalid_config if the text is empty.
std::string required_text_of(const nlohmann::ordered_json& object, std::string_view key);

/// False if the member is absent or not a boolean.
bool is_true(const nlohmann::ordered_json& object, std::string_view key);

/// `otherwise` if the member is absent or not a number.
std::uint64_t number_of(const nlohmann::ordered_json& object, std::string_view key, std::uint64_t otherwise);

}  // namespace netavark
