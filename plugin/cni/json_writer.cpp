#include "plugin/cni/json_writer.hpp"

#include "plugin/cni/json_reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cni {
namespace {

constexpr auto plain_characters = [] {
  std::array<bool, 256> plain{};
  for (unsigned char c = ' '; c <= '~'; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

/// Whether the text needs no escape in JSON. Most texts do not, and this check is much faster than the library.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return plain_characters[static_cast<unsigned char>(c)]; });
}

}  // namespace

void JsonWriter::key(std::string_view name) {
  string(name);
  text_ += indent_ > 0 ? ": " : ":";
  after_key_ = true;
}

void JsonWriter::string(std::string_view value) {
  separate();
  if (!is_plain(value)) {
    text_ += json_of(value);
    return;
  }
  text_ += '"';
  text_ += value;
  text_ += '"';
}

void JsonWriter::number(std::uint64_t value) { json(std::to_string(value)); }

void JsonWriter::boolean(bool value) { json(value ? "true" : "false"); }

void JsonWriter::json(std::string_view text) {
  separate();
  text_ += text;
}

void JsonWriter::member(std::string_view name, std::string_view value) {
  key(name);
  string(value);
}

void JsonWriter::member(std::string_view name, std::uint64_t value) {
  key(name);
  number(value);
}

void JsonWriter::open(char bracket) {
  separate();
  text_ += bracket;
  empty_.push_back(true);
}

void JsonWriter::close(char bracket) {
  const bool was_empty = empty_.back();
  empty_.pop_back();
  if (!was_empty) break_line();
  text_ += bracket;
}

void JsonWriter::separate() {
  if (std::exchange(after_key_, false) || empty_.empty()) return;
  if (!empty_.back()) text_ += ',';
  empty_.back() = false;
  break_line();
}

void JsonWriter::break_line() {
  if (indent_ == 0) return;
  text_ += '\n';
  text_.append(indent_ * empty_.size(), ' ');
}

void write_nonempty(JsonWriter& json, std::string_view name, const std::string& value) {
  if (!value.empty()) json.member(name, value);
}

void write_nonempty(JsonWriter& json, std::string_view name, const std::vector<std::string>& values) {
  if (values.empty()) return;
  json.key(name);
  json.begin_array();
  for (const auto& value : values) json.string(value);
  json.end_array();
}

}  // namespace cni
