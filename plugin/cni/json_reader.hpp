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

// Reading of JSON from outside, strict where nlohmann_json is lenient: numbers keep sign, size and kind, nothing is
// converted, doubled keys and near misses are found, and every message carries the JSON pointer of what is wrong.
//
// Keys match without regard to case, null is as good as absent.
namespace cni {

class JsonObject;

/// Names by the JSON pointer of the object that they are in.
using KeysByPlace = std::map<std::string, std::set<std::string>>;

/// What the reading of a document leaves behind.
struct ReadingNotes {
  std::vector<std::string> ignored{};  ///< pointers of members that nobody knows
  std::optional<KeysByPlace> known{};  ///< what was asked for; nullopt: is not noted down
};

/// One value of a document, with the place where it stands. The document has to outlive it.
class JsonValue {
 public:
  /// `notes` is added to, and may be null.
  JsonValue(const nlohmann::ordered_json& value, std::string pointer, ReadingNotes* notes = nullptr)
      : value_(&value), pointer_(std::move(pointer)), notes_(notes) {}

  // Each throws Error decoding_failure where the value is of another type, and invalid_config where it is not in the
  // range of valid values.
  std::string as_string() const;
  bool as_bool() const;
  /// An integer without fraction and exponent.
  std::uint64_t as_unsigned(std::uint64_t least, std::uint64_t most) const;
  IpAddress as_address() const;
  Prefix as_prefix() const;
  std::vector<JsonValue> as_array() const;
  JsonObject as_object() const;

  bool is_string() const;
  bool is_object() const;
  bool is_null() const;
  bool is_empty_string() const;
  bool equals(const JsonValue& other) const;

  /// Compact JSON text of the value, bytes that are not UTF-8 replaced.
  std::string json() const;

  /// The same for a message: cut after 256 bytes.
  std::string text() const;
  const std::string& pointer() const { return pointer_; }

  /// Throws Error invalid_config: "/ipam/ranges/1/subnet: must be ..., not 7".
  [[noreturn]] void reject(std::string_view requirement) const;

 private:
  friend class JsonObject;

  const nlohmann::ordered_json* value_;
  std::string pointer_;
  ReadingNotes* notes_;
};

/// JSON text of a string, bytes that are not UTF-8 replaced.
std::string json_of(std::string_view text);

/// An object whose members are asked for by name, and which knows at the end what nobody asked for.
class JsonObject {
 public:
  explicit JsonObject(JsonValue value, const nlohmann::ordered_json& object);

  /// The member of this name; nullopt where it is absent or null. Throws Error invalid_config where it stands there
  /// twice with different values.
  std::optional<JsonValue> find(std::string_view key);

  /// As find, and "" is absent too: for addresses and paths.
  std::optional<JsonValue> find_filled(std::string_view key);

  /// As find, but null is a value.
  std::optional<JsonValue> find_or_null(std::string_view key);

  /// As find, for a member that is an object.
  std::optional<JsonObject> find_object(std::string_view key);

  /// The member of this name. Throws Error invalid_config where it is absent, null or "".
  JsonValue require(std::string_view key);

  std::string string_or(std::string_view key, std::string_view absent);
  bool bool_or(std::string_view key, bool absent);
  std::vector<std::string> strings(std::string_view key);

  /// Keys that are known though nobody asks for them.
  void also_known(std::span<const std::string_view> keys);

  /// Throws Error unsupported_field where a member that nobody asked for is a near miss (is_near_miss()) of a key that
  /// was asked for: names the key, its value and the known key. Others that nobody asked for are ignored, and the
  /// document knows them from now on. The keys of `others`, which other software reads, are no near misses.
  void reject_near_misses(std::span<const std::string_view> others = {}) const;

  /// Members that nobody asked for.
  std::vector<std::string> unasked() const;

  const std::string& pointer() const { return value_.pointer(); }

 private:
  bool was_asked(std::string_view name) const;
  void know(std::string_view key);

  JsonValue value_;
  const nlohmann::ordered_json* object_;
  std::vector<std::string> asked_;
};

/// A parsed document. At most 64 levels deep, UTF-8 alone.
class JsonDocument {
 public:
  /// Throws Error decoding_failure; `origin` names the text in the message ("the network configuration").
  JsonDocument(std::string_view text, std::string_view origin);
  JsonDocument(JsonDocument&&) noexcept;
  ~JsonDocument();

  JsonValue root() const;

  /// Pointers of the keys that were ignored so far.
  const std::vector<std::string>& ignored_keys() const { return notes_->ignored; }

  /// Has each key noted down that is asked for from now on.
  void note_known_keys() { notes_->known.emplace(); }
  /// Those of each object that was read; empty where they were not noted down.
  KeysByPlace known_keys() const { return notes_->known.value_or(KeysByPlace{}); }

 private:
  std::unique_ptr<const nlohmann::ordered_json> root_;
  std::unique_ptr<ReadingNotes> notes_;
};

}  // namespace cni
