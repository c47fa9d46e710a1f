#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cni {

/// Writes JSON text sequentially. Strings can contain any bytes: invalid UTF-8 is replaced by U+FFFD.
class JsonWriter {
 public:
  /// `indent` is the number of spaces for each level; 0 writes one line.
  explicit JsonWriter(std::size_t indent) : indent_(indent) { text_.reserve(usual_length); }

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  /// The name of the member whose value is written next.
  void key(std::string_view name);
  void string(std::string_view value);
  void number(std::uint64_t value);
  void boolean(bool value);
  /// Writes a value that already is JSON text.
  void json(std::string_view text);

  void member(std::string_view name, std::string_view value);
  void member(std::string_view name, std::uint64_t value);

  /// The text written so far.
  const std::string& text() const { return text_; }

  /// The text with a final newline.
  std::string finished() const { return text_ + '\n'; }

 private:
  void open(char bracket);
  void close(char bracket);
  void separate();
  void break_line();

  static constexpr std::size_t usual_length = 2000;

  std::size_t indent_;
  std::string text_;
  std::vector<bool> empty_;  // for each open object and array: nothing has been written into it
  bool after_key_ = false;
};

/// Writes the member unless its value is empty.
void write_nonempty(JsonWriter& json, std::string_view name, const std::string& value);
void write_nonempty(JsonWriter& json, std::string_view name, const std::vector<std::string>& values);

}  // namespace cni
