#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cni {

/// JSON text, written from its beginning to its end. Strings may hold any bytes: what is not UTF-8 is replaced by
/// U+FFFD.
class JsonWriter {
 public:
  /// Spaces for each level; 0 writes everything in one line.
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
  /// A value that is JSON text already.
  void json(std::string_view text);

  void member(std::string_view name, std::string_view value);
  void member(std::string_view name, std::uint64_t value);

  /// What has been written.
  const std::string& text() const { return text_; }

  /// The same and a newline: what is printed and stored.
  std::string finished() const { return text_ + '\n'; }

 private:
  void open(char bracket);
  void close(char bracket);
  void separate();
  void break_line();

  static constexpr std::size_t usual_length = 2000;

  std::size_t indent_;
  std::string text_;
  std::vector<bool> empty_;  // one for each open object and array
  bool after_key_ = false;
};

}  // namespace cni
