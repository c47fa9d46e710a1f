// Builds the tree of a document from the SAX events of nlohmann_json. The library's builder keeps only the last of two
// members with the same name and does not limit the depth. This one keeps both members, so that JsonObject can compare
// them, and limits the depth, so that recursion over the tree is bounded.

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <utility>

namespace cni {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t max_depth = 64;
constexpr std::size_t max_reason_length = 256;

// An object or array whose end has not been read yet. The members are moved into an object_t at its end: a growing
// object_t would copy them, because its keys are const.
struct OpenContainer {
  bool is_object = false;
  std::vector<std::string> keys;
  ordered_json::array_t values;
};

ordered_json to_json_value(OpenContainer&& container) {
  if (!container.is_object) return ordered_json(std::move(container.values));  // braces would nest it in another array
  ordered_json object = ordered_json::object();
  auto& members = object.get_ref<ordered_json::object_t&>();
  members.reserve(container.keys.size());
  for (std::size_t i = 0; i < container.keys.size(); ++i) {
    members.emplace_back(std::move(container.keys[i]), std::move(container.values[i]));
  }
  return object;
}

// The message of the library without the name of its exception and without the last read text, which can be as long as
// the document.
std::string reason_of(std::string_view what) {
  const std::size_t name_end = what.find("] ");
  if (name_end != std::string_view::npos) what.remove_prefix(name_end + 2);
  what = what.substr(0, what.find("; last read"));
  constexpr std::string_view opening = "parse error at ";
  if (what.starts_with(opening)) what.remove_prefix(opening.size());
  return std::string(what.substr(0, max_reason_length));
}

class TreeBuilder {
 public:
  explicit TreeBuilder(std::string_view origin) : origin_(origin) {}

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(std::int64_t value) { return add(value); }
  bool number_unsigned(std::uint64_t value) { return add(value); }
  bool number_float(double value, const std::string& /*text*/) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(ordered_json::binary_t& value) { return add(std::move(value)); }

  bool start_object(std::size_t /*count*/) { return open(true); }
  bool start_array(std::size_t /*count*/) { return open(false); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    open_.back().keys.push_back(std::move(name));
    return true;
  }

  [[noreturn]] bool parse_error(std::size_t /*position*/, const std::string& /*last*/,
                                const ordered_json::exception& error) {
    throw Error(ErrorCode::decoding_failure, origin_ + " cannot be read as JSON: " + reason_of(error.what()));
  }

  ordered_json&& root() { return std::move(root_); }

 private:
  bool add(ordered_json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else {
      open_.back().values.push_back(std::move(value));
    }
    return true;
  }

  bool open(bool is_object) {
    if (open_.size() == max_depth) {
      throw Error(ErrorCode::decoding_failure, origin_ + " is nested more than 64 levels deep");
    }
    open_.push_back({.is_object = is_object, .keys = {}, .values = {}});
    return true;
  }

  bool close() {
    OpenContainer container = std::move(open_.back());
    open_.pop_back();
    return add(to_json_value(std::move(container)));
  }

  std::string origin_;
  ordered_json root_;
  std::vector<OpenContainer> open_;
};

ordered_json parsed(std::string_view text, std::string_view origin) {
  TreeBuilder builder(origin);
  ordered_json::sax_parse(text.begin(), text.end(), &builder);
  return builder.root();
}

}  // namespace

JsonDocument::JsonDocument(std::string_view text, std::string_view origin)
    : root_(std::make_unique<const ordered_json>(parsed(text, origin))), usage_(std::make_unique<KeyUsage>()) {}

JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

JsonValue JsonDocument::root() const { return {*root_, "", usage_.get()}; }

}  // namespace cni
