#include "plugin/vethctl/report/yaml.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/vethctl/report/replace_all.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

namespace report {
namespace {

using nlohmann::ordered_json;

bool is_one_of(char character, std::string_view characters) {
  return characters.find(character) != std::string_view::npos;
}

bool is_alphanumeric(char character) { return std::isalnum(static_cast<unsigned char>(character)) != 0; }

/// Readers of YAML 1.1 take these words, in any case, for booleans or null.
bool is_reserved(std::string_view text) {
  constexpr std::array<std::string_view, 9> words{"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
  std::string lower{text};
  std::ranges::transform(lower, lower.begin(), [](unsigned char character) { return std::tolower(character); });
  return std::ranges::find(words, lower) != words.end();
}

/// Numbers, times and dates begin with a digit. "10.1.2.3" and "02:00" are numbers for some readers.
bool may_be_number(std::string_view text) {
  return std::isdigit(static_cast<unsigned char>(text.front())) != 0 &&
         text.find_first_not_of("0123456789abcdefABCDEFoxOXTZ_.:+-") == std::string_view::npos;
}

/// Whether the text needs no quotes: a narrow set that is safe everywhere in block style.
bool is_plain(std::string_view text) {
  if (text.empty() || text.back() == ':' || text.back() == ' ') return false;
  if (!is_alphanumeric(text.front()) && !is_one_of(text.front(), "/_")) return false;
  const auto is_safe = [](char character) {
    return is_alphanumeric(character) || is_one_of(character, "_./:@+- (),;=");
  };
  if (!std::ranges::all_of(text, is_safe) || text.find(": ") != std::string_view::npos) return false;
  return !is_reserved(text) && !may_be_number(text);
}

/// A quoted string of JSON is one of YAML, except for the line breaks and the byte order mark of Unicode.
std::string quoted(const ordered_json& value) {
  auto text = value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  replace_all(text, "\u0085", "\\N");
  replace_all(text, "\u2028", "\\L");
  replace_all(text, "\u2029", "\\P");
  replace_all(text, "\ufeff", "\\uFEFF");
  return text;
}

std::string scalar(const ordered_json& value) {
  if (!value.is_string()) return value.dump();
  const auto text = value.get<std::string>();
  return is_plain(text) ? text : quoted(value);
}

bool is_block(const ordered_json& value) { return value.is_structured() && !value.empty(); }

std::string block(const ordered_json& value, std::size_t indent);

/// What follows "key:" or "-". A block in an array begins on the line of the dash.
std::string element(const ordered_json& value, std::size_t indent, bool is_in_array) {
  if (!is_block(value)) return ' ' + scalar(value) + '\n';
  const auto text = block(value, indent);
  return is_in_array ? ' ' + text.substr(indent) : '\n' + text;
}

/// The lines of a non-empty object or array.
std::string block(const ordered_json& value, std::size_t indent) {
  constexpr std::size_t step = 2;
  const std::string spaces(indent, ' ');
  std::string text;
  if (value.is_array()) {
    for (const auto& each : value) text += spaces + '-' + element(each, indent + step, true);
    return text;
  }
  for (const auto& [key, member] : value.items()) {
    text += spaces + scalar(ordered_json(key)) + ':' + element(member, indent + step, false);
  }
  return text;
}

}  // namespace

std::string yaml(std::string_view json) {
  const auto value = ordered_json::parse(json, nullptr, false);
  if (value.is_discarded()) throw cni::Error{cni::ErrorCode::internal, "cannot convert the output to YAML"};
  return is_block(value) ? block(value, 0) : scalar(value) + '\n';
}

}  // namespace report
