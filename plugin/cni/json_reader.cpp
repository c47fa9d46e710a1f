#include "plugin/cni/json_reader.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/key_spelling.hpp"
#include "plugin/text/quoted.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace cni {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t max_quoted_bytes = 256;

// Does not split a UTF-8 character.
void truncate(std::string& text) {
  if (text.size() <= max_quoted_bytes) return;
  std::size_t end = max_quoted_bytes;
  while ((static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  text.resize(end);
  text += "...";
}

// A key as one part of a JSON pointer (RFC 6901, section 3).
std::string pointer_part(std::string_view key) {
  std::string part;
  for (const char character : text::printable(key)) {
    if (character == '~') {
      part += "~0";
    } else if (character == '/') {
      part += "~1";
    } else {
      part += character;
    }
  }
  return '/' + part;
}

std::string describe_error(const JsonValue& value, std::string_view requirement) {
  const std::string place = value.pointer().empty() ? "the document" : value.pointer();
  return place + ": " + std::string(requirement) + ", not " + value.text();
}

[[noreturn]] void throw_wrong_type(const JsonValue& value, std::string_view requirement) {
  throw Error(ErrorCode::decoding_failure, describe_error(value, requirement));
}

const ordered_json::object_t& members_of(const ordered_json& object) {
  return object.get_ref<const ordered_json::object_t&>();
}

std::string dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

[[noreturn]] void throw_duplicate_key(const JsonValue& first, const JsonValue& second) {
  throw Error(ErrorCode::invalid_config, first.pointer() + ": duplicated with different values: " + first.text() +
                                             ", and " + second.text() + " as " + second.pointer() +
                                             ". Remove one of them");
}

[[noreturn]] void throw_misspelled(const JsonValue& value, std::string_view known) {
  throw Error(ErrorCode::unsupported_field, value.pointer() + ": unknown key with value " + value.text() +
                                                ": did you mean " + text::quoted(known) + '?');
}

}  // namespace

std::string json_of(std::string_view text) { return dump(text); }

std::string JsonValue::as_string() const {
  if (!value_->is_string()) throw_wrong_type(*this, "must be a string");
  return value_->get_ref<const std::string&>();
}

bool JsonValue::as_bool() const {
  if (!value_->is_boolean()) throw_wrong_type(*this, "must be true or false");
  return value_->get<bool>();
}

std::uint64_t JsonValue::as_unsigned(std::uint64_t min, std::uint64_t max) const {
  if (!value_->is_number_integer()) throw_wrong_type(*this, "must be an integer");
  const std::uint64_t number = value_->is_number_unsigned() ? value_->get<std::uint64_t>() : 0;
  if (!value_->is_number_unsigned() || number < min || number > max) {
    reject("must be an integer from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return number;
}

IpAddress JsonValue::as_address() const {
  if (const auto address = find_address(as_string())) return *address;
  reject("must be an IP address");
}

Prefix JsonValue::as_prefix() const {
  if (const auto prefix = find_prefix(as_string())) return *prefix;
  reject("must be an IP address with a prefix length, as in 10.1.2.0/24");
}

std::vector<JsonValue> JsonValue::as_array() const {
  if (!value_->is_array()) throw_wrong_type(*this, "must be an array");
  std::vector<JsonValue> elements;
  elements.reserve(value_->size());
  for (const ordered_json& element : *value_) {
    elements.emplace_back(element, pointer_ + '/' + std::to_string(elements.size()), usage_);
  }
  return elements;
}

JsonObject JsonValue::as_object() const {
  if (!value_->is_object()) throw_wrong_type(*this, "must be an object");
  return JsonObject(*this, *value_);
}

bool JsonValue::is_string() const { return value_->is_string(); }
bool JsonValue::is_object() const { return value_->is_object(); }
bool JsonValue::is_null() const { return value_->is_null(); }
bool JsonValue::is_empty_string() const { return is_string() && value_->get_ref<const std::string&>().empty(); }
bool JsonValue::equals(const JsonValue& other) const { return *value_ == *other.value_; }

std::string JsonValue::json() const { return dump(*value_); }

std::string JsonValue::text() const {
  std::string text = json();
  truncate(text);
  return text;
}

void JsonValue::reject(std::string_view requirement) const {
  throw Error(ErrorCode::invalid_config, describe_error(*this, requirement));
}

/// Most objects have up to 16 keys: the memory is allocated once.
JsonObject::JsonObject(JsonValue value, const ordered_json& object) : value_(std::move(value)), object_(&object) {
  constexpr std::size_t usual_keys = 16;
  known_.reserve(usual_keys);
}

std::optional<JsonValue> JsonObject::find_or_null(std::string_view key) {
  mark_known(key);
  std::optional<JsonValue> found;
  for (const auto& [name, member] : members_of(*object_)) {
    if (!is_same_key(name, key)) continue;
    JsonValue value(member, pointer() + pointer_part(name), value_.usage_);
    if (found && !found->is_null() && !value.is_null() && !found->equals(value)) throw_duplicate_key(*found, value);
    if (!found || found->is_null()) found = std::move(value);
  }
  return found;
}

std::optional<JsonValue> JsonObject::find(std::string_view key) {
  auto value = find_or_null(key);
  if (value && value->is_null()) return std::nullopt;
  return value;
}

std::optional<JsonValue> JsonObject::find_nonempty(std::string_view key) {
  auto value = find(key);
  if (value && value->is_empty_string()) return std::nullopt;
  return value;
}

std::optional<JsonValue> JsonObject::find_exact(std::string_view key) {
  const auto& members = members_of(*object_);
  const auto exact = std::ranges::find_if(members, [&](const auto& member) { return member.first == key; });
  if (exact == members.end()) return find(key);
  mark_known(key);
  return JsonValue(exact->second, pointer() + pointer_part(key), value_.usage_);
}

std::optional<JsonObject> JsonObject::find_object(std::string_view key) {
  const auto value = find(key);
  if (!value) return std::nullopt;
  return value->as_object();
}

JsonValue JsonObject::require(std::string_view key) {
  if (auto value = find_nonempty(key)) return *value;
  const auto& members = members_of(*object_);
  const auto similar = std::ranges::find_if(members, [&](const auto& member) {
    return !is_same_key(key, member.first) && is_misspelling(key, member.first);
  });
  const auto hint =
      similar == members.end() ? std::string{} : ". Is " + text::quoted(similar->first) + " a misspelling?";
  throw Error(ErrorCode::invalid_config, pointer() + pointer_part(key) + ": missing" + hint);
}

std::string JsonObject::string_or(std::string_view key, std::string_view fallback) {
  const auto value = find(key);
  return value ? value->as_string() : std::string(fallback);
}

bool JsonObject::bool_or(std::string_view key, bool fallback) {
  const auto value = find(key);
  return value ? value->as_bool() : fallback;
}

std::vector<std::string> JsonObject::strings(std::string_view key) {
  const auto value = find(key);
  if (!value) return {};
  std::vector<std::string> strings;
  for (const JsonValue& element : value->as_array()) strings.push_back(element.as_string());
  return strings;
}

void JsonObject::mark_known(std::span<const std::string_view> keys) {
  for (const auto key : keys) mark_known(key);
}

void JsonObject::mark_known(std::string_view key) {
  known_.emplace_back(key);
  if (value_.usage_ != nullptr && value_.usage_->known) (*value_.usage_->known)[pointer()].emplace(key);
}

bool JsonObject::is_known(std::string_view name) const {
  return std::ranges::any_of(known_, [name](const std::string& key) { return is_same_key(key, name); });
}

void JsonObject::reject_misspelled_keys(std::span<const std::string_view> exempt) const {
  const auto is_exempt = [&](std::string_view name) {
    return std::ranges::any_of(exempt, [name](std::string_view key) { return is_same_key(key, name); });
  };
  for (const auto& member : members_of(*object_)) {
    const std::string& name = member.first;
    if (member.second.is_null() || is_known(name)) continue;
    const auto near = std::ranges::find_if(known_, [&](const std::string& key) { return is_misspelling(key, name); });
    const bool is_refused = near != known_.end() && !is_exempt(name);
    if (is_refused) throw_misspelled({member.second, pointer() + pointer_part(name)}, *near);
    if (value_.usage_ != nullptr) value_.usage_->ignored.push_back(pointer() + pointer_part(name));
  }
}

std::vector<std::string> JsonObject::unread_members() const {
  std::vector<std::string> names;
  for (const auto& [name, member] : members_of(*object_)) {
    if (!is_known(name)) names.push_back(name);
  }
  return names;
}

}  // namespace cni
