#include "plugin/netavark/json_members.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/text/quoted.hpp"

#include <nlohmann/json.hpp>

namespace netavark {

using nlohmann::ordered_json;

ordered_json parse_object(const std::string& text, std::string_view what) {
  auto parsed = ordered_json::parse(text, nullptr, false);
  if (parsed.is_object()) return parsed;
  throw cni::Error{cni::ErrorCode::decoding_failure, std::string{what} + " on standard input is not a JSON object"};
}

const ordered_json& member(const ordered_json& object, std::string_view key) {
  static const ordered_json absent;
  if (!object.is_object()) return absent;
  const auto found = object.find(key);
  return found == object.end() ? absent : *found;
}

std::string text_of(const ordered_json& object, std::string_view key) {
  const auto& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string{};
}

std::string required_text_of(const ordered_json& object, std::string_view key) {
  auto text = text_of(object, key);
  if (!text.empty()) return text;
  throw cni::Error{cni::ErrorCode::invalid_config, text::quoted(key) + " is missing, or not a string"};
}

bool is_true(const ordered_json& object, std::string_view key) {
  const auto& value = member(object, key);
  return value.is_boolean() && value.get<bool>();
}

std::uint64_t number_of(const ordered_json& object, std::string_view key, std::uint64_t otherwise) {
  const auto& value = member(object, key);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : otherwise;
}

}  // namespace netavark
