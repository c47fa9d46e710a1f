#pragma once

#include "plugin/cni/address.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A strict reader of untrusted JSON on top of nlohmann_json: it never converts a value to another type or a number to
// another range, detects duplicate keys and misspelled keys, and each error contains the JSON pointer of the value.
//
// Keys are compared without regard to case. null counts as absent.
namespace cni {

class JsonObject;

/// The known keys of each object, by the JSON pointer of the object.
using KeysByPointer = std::map<std::string, std::set<std::string>>;

/// Which keys of a document were ignored, and which are known.
struct KeyUsage {
  std::vector<std::string> ignored{};    ///< JSON pointers of unknown members
  std::optional<KeysByPointer> known{};  ///< the keys that were read or marked; nullopt: not recorded
};

/// One value of a document with its JSON pointer. The document must outlive it.
class JsonValue {
 public:
  /// Reading adds to `usage`, which may be null.
  JsonValue(const nlohmann::ordered_json& value, std::string pointer, KeyUsage* usage = nullptr)
      : value_(&value), pointer_(std::move(pointer)), usage_(usage) {}

  // Each throws Error decoding_failure if the value has another type, and invalid_config if it is not in the valid
  // range.
  std::string as_string() const;
  bool as_bool() const;
  /// An integer without fraction and exponent.
  std::uint64_t as_unsigned(std::uint64_t min, std::uint64_t max) const;
  IpAddress as_address() const;
  Prefix as_prefix() const;
  std::vector<JsonValue> as_array() const;
  JsonObject as_object() const;

  bool is_string() const;
  bool is_object() const;
  bool is_null() const;
  bool is_empty_string() const;
  bool equals(const JsonValue& other) const;

  /// The value as compact JSON text. Invalid UTF-8 is replaced.
  std::string json() const;

  /// The same for messages, truncated to 256 bytes.
  std::string text() const;
  const std::string& pointer() const { return pointer_; }

  /// Throws Error invalid_config: "/ipam/ranges/1/subnet: must be ..., not 7".
  [[noreturn]] void reject(std::string_view requirement) const;

 private:
  friend class JsonObject;

  const nlohmann::ordered_json* value_;
  std::string pointer_;
  KeyUsage* usage_;
};

/// The string as JSON text. Invalid UTF-8 is replaced.
std::string json_of(std::string_view text);

/// An object whose members are read by key. It tracks which members were read, so that unknown keys can be reported.
class JsonObject {
 public:
  explicit JsonObject(JsonValue value, const nlohmann::ordered_json& object);

  /// The member with this key; nullopt if it is absent or null. Throws Error invalid_config if the key occurs twice
  /// with different values.
  std::optional<JsonValue> find(std::string_view key);

  /// As find, but "" counts as absent too.
  std::optional<JsonValue> find_nonempty(std::string_view key);

  /// As find, but null counts as a value.
  std::optional<JsonValue> find_or_null(std::string_view key);

  /// As find, but only the member with exactly this key counts if there is one: others differ from it in case.
  std::optional<JsonValue> find_exact(std::string_view key);

  /// As find, for a member that is an object.
  std::optional<JsonObject> find_object(std::string_view key);

  /// The member with this key. Throws Error invalid_config if it is absent, null or "".
  JsonValue require(std::string_view key);

  std::string string_or(std::string_view key, std::string_view fallback);
  bool bool_or(std::string_view key, bool fallback);
  std::vector<std::string> strings(std::string_view key);

  /// Marks keys as known that are valid but not read.
  void mark_known(std::span<const std::string_view> keys);

  /// Throws Error unsupported_field if an unknown key is a misspelling (is_misspelling()) of a known key; the message
  /// contains both keys and the value. All other unknown keys are added to ignored_keys() of the document. The keys in
  /// `exempt`, which belong to other software, are never treated as misspellings.
  void reject_misspelled_keys(std::span<const std::string_view> exempt = {}) const;

  /// The keys that were neither read nor marked as known.
  std::vector<std::string> unread_members() const;

  const std::string& pointer() const { return value_.pointer(); }

 private:
  bool is_known(std::string_view name) const;
  void mark_known(std::string_view key);

  JsonValue value_;
  const nlohmann::ordered_json* object_;
  std::vector<std::string> known_;
};

/// The origin of a document in messages.
constexpr std::string_view configuration_origin = "the network configuration";

/// A parsed document: valid UTF-8, nested at most 64 levels deep.
class JsonDocument {
 public:
  /// Throws Error decoding_failure. `origin` names the text in messages.
  JsonDocument(std::string_view text, std::string_view origin);
  JsonDocument(JsonDocument&&) noexcept;
  ~JsonDocument();

  JsonValue root() const;

  /// JSON pointers of the unknown keys found so far.
  const std::vector<std::string>& ignored_keys() const { return usage_->ignored; }

  /// Starts recording the keys that are read.
  void record_known_keys() { usage_->known.emplace(); }
  /// The recorded keys of each object; empty if nothing was recorded.
  KeysByPointer known_keys() const { return usage_->known.value_or(KeysByPointer{}); }

 private:
  std::unique_ptr<const nlohmann::ordered_json> root_;
  std::unique_ptr<KeyUsage> usage_;
};

}  // namespace cni
