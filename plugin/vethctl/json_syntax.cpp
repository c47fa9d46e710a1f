// The parser of the plugin reports the position and the expected token. This scanner finds the cause.
#include "plugin/vethctl/json_syntax.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace vethctl {
namespace {

constexpr std::string_view space = " \t\r\n";
constexpr auto end_of_text = std::string_view::npos;

bool is_digit(char character) { return character >= '0' && character <= '9'; }
bool is_letter(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') || character == '_';
}
bool is_word(char character) {
  return is_letter(character) || is_digit(character) || std::string_view{".-+:/"}.find(character) != end_of_text;
}

std::string quoted(std::string_view text) { return '"' + std::string{text} + '"'; }

/// Thrown at the first fault.
struct Fault {
  std::size_t offset;
  std::string message;
};

/// The words of other notations, with what JSON has for them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> other_literals{{{"True", "true"},
                                                                                        {"TRUE", "true"},
                                                                                        {"yes", "true"},
                                                                                        {"on", "true"},
                                                                                        {"False", "false"},
                                                                                        {"FALSE", "false"},
                                                                                        {"no", "false"},
                                                                                        {"off", "false"},
                                                                                        {"None", "null"},
                                                                                        {"nil", "null"},
                                                                                        {"NULL", "null"},
                                                                                        {"Null", "null"},
                                                                                        {"undefined", "null"},
                                                                                        {"NaN", "null"}}};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  /// Throws Fault.
  void scan() {
    refuse_yaml();
    skip_space();
    if (is_at_end()) fail("the file is empty: it must contain a network configuration, which is a JSON object");
    scan_value();
    while (!open_.empty()) scan_next();
    skip_space();
    if (!is_at_end()) fail_after_end();
  }

 private:
  /// An object or array whose end has not been read.
  struct Open {
    char closing;
    std::size_t offset;
    bool is_empty = true;
  };

  bool is_at_end() const { return position_ >= text_.size(); }
  char current() const { return is_at_end() ? '\0' : text_[position_]; }
  std::string_view rest() const { return text_.substr(std::min(position_, text_.size())); }
  [[noreturn]] void fail(std::string message) const { throw Fault{position_, std::move(message)}; }

  void skip_space() {
    position_ = std::min(text_.find_first_not_of(space, position_), text_.size());
    const bool is_comment = rest().starts_with("//") || rest().starts_with("/*") || current() == '#';
    if (is_comment) fail("JSON has no comments: remove the comment");
  }

  /// The first line that is neither empty nor a comment is "---", "key: value" or "- item".
  void refuse_yaml() {
    for (std::size_t begin = 0; begin < text_.size(); begin = text_.find('\n', begin) + 1) {
      const auto line = text_.substr(begin, text_.find('\n', begin) - begin);
      if (is_yaml(line)) {
        position_ = begin;
        fail("this is YAML, and runtimes read only JSON: convert the file, for example with: yq -o json FILE");
      }
      const auto first = line.find_first_not_of(space);
      const bool is_skipped = first == end_of_text || line[first] == '#';
      if (!is_skipped || text_.find('\n', begin) == end_of_text) return;
    }
  }

  static bool is_yaml(std::string_view line) {
    const auto* word_end = std::ranges::find_if_not(line, [](char c) { return is_letter(c) || is_digit(c); });
    const auto after = line.substr(static_cast<std::size_t>(word_end - line.begin()));
    const bool has_key = !line.empty() && is_letter(line.front()) && after.starts_with(':');
    return has_key || line.starts_with("---") || line.starts_with("- ");
  }

  /// The next part of the innermost open object or array.
  void scan_next() {
    skip_space();
    if (is_at_end()) fail_at_end();
    if (current() == open_.back().closing) return close();
    if (!open_.back().is_empty) scan_comma();
    open_.back().is_empty = false;
    if (open_.back().closing == '}') scan_key();
    scan_value();
  }

  void close() {
    ++position_;
    open_.pop_back();
  }

  void scan_comma() {
    if (current() == '}' || current() == ']') fail_wrong_closing();
    if (current() == ';') fail("a comma separates members: replace \";\" by \",\"");
    if (current() != ',') fail("a comma is missing before this");
    const auto comma = position_++;
    skip_space();
    if (current() == '}' || current() == ']') {
      throw Fault{comma, std::string{"a comma before \""} + current() + "\" is not allowed in JSON: remove it"};
    }
    if (current() == ',') fail("two commas: remove one");
  }

  [[noreturn]] void fail_wrong_closing() const {
    fail(std::string{"this closes the bracket of "} + position_text(open_.back().offset) + ": replace it by \"" +
         open_.back().closing + '"');
  }

  [[noreturn]] void fail_at_end() const {
    fail("the text ends here, but the bracket of " + position_text(open_.back().offset) + " is not closed: add \"" +
         open_.back().closing + "\", or copy the file again if a part of it is missing");
  }

  void scan_key() {
    if (current() == ']') fail_wrong_closing();
    if (is_letter(current())) fail("a key needs double quotes: write " + quoted(word()));
    if (current() != '"') refuse_quotes();
    if (current() != '"') fail("a key in double quotes is expected here");
    scan_string();
    skip_space();
    if (current() == '=') fail("replace \"=\" by \":\"");
    if (current() != ':') fail("a colon is missing after the key");
    ++position_;
    skip_space();
  }

  void scan_value() {
    const char first = current();
    if (first == '"') return scan_string();
    if (first == '{' || first == '[') {
      open_.push_back({.closing = first == '{' ? '}' : ']', .offset = position_});
      ++position_;
      return;
    }
    if (is_digit(first) || first == '-' || first == '+' || first == '.') return scan_number();
    if (is_letter(first)) return scan_literal();
    refuse_quotes();
    if (is_at_end() && !open_.empty()) fail_at_end();
    fail(first == ',' || first == '}' || first == ']' ? "a value is missing before this" : "a value is expected here");
  }

  /// Quotation marks that JSON does not have.
  void refuse_quotes() const {
    if (current() == '\'' || current() == '`') {
      const std::string quote{current()};
      fail("JSON has only double quotes: replace " + quote + "..." + quote + " by \"...\"");
    }
    for (const std::string_view mark :
         {"\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e", "\xe2\x80\x98", "\xe2\x80\x99"}) {
      if (rest().starts_with(mark)) fail("typographic quotation marks: replace them by \"");
    }
  }

  std::string_view word() const {
    const auto found = std::ranges::find_if_not(rest(), is_word);
    auto found_word = rest().substr(0, static_cast<std::size_t>(found - rest().begin()));
    while (!found_word.empty() && found_word.back() == ':') found_word.remove_suffix(1);
    return found_word;
  }

  void scan_literal() {
    const auto literal = word();
    if (literal == "true" || literal == "false" || literal == "null") {
      position_ += literal.size();
      return;
    }
    for (const auto& [other, json] : other_literals) {
      if (literal == other) fail("JSON does not have " + std::string{literal} + ": write " + std::string{json});
    }
    fail("text needs double quotes: write " + quoted(literal));
  }

  /// -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
  void scan_number() {
    const auto number = word();
    auto digits = number.substr(number.starts_with('-') ? 1 : 0);
    const auto take_digits = [&] {
      const auto count = std::min(digits.find_first_not_of("0123456789"), digits.size());
      digits.remove_prefix(count);
      return count;
    };
    if (digits.size() > 1 && digits[0] == '0' && is_digit(digits[1])) fail_number();
    bool is_valid = take_digits() > 0;
    if (digits.starts_with('.')) {
      digits.remove_prefix(1);
      is_valid = is_valid && take_digits() > 0;
    }
    if (digits.starts_with('e') || digits.starts_with('E')) {
      digits.remove_prefix(1);
      if (digits.starts_with('+') || digits.starts_with('-')) digits.remove_prefix(1);
      is_valid = is_valid && take_digits() > 0;
    }
    if (!is_valid || !digits.empty()) fail_number();
    position_ += number.size();
  }

  [[noreturn]] void fail_number() const { fail("this is not a JSON number; if it is text, write " + quoted(word())); }

  void scan_string() {
    const auto begin = position_++;
    while (current() != '"') {
      if (is_at_end() || current() == '\n' || current() == '\r')
        throw Fault{begin, "the closing double quote of this text is missing in its line"};
      if (current() == '\t') fail("a tab inside a text: write \\t");
      if (current() == '\\') refuse_unknown_escape();
      const std::size_t length = current() == '\\' ? 2 : 1;
      position_ += length;
    }
    ++position_;
  }

  void refuse_unknown_escape() const {
    const auto next = rest().substr(1, 1);
    if (next.empty() || std::string_view{"\"\\/bfnrtu"}.find(next.front()) != end_of_text) return;
    fail("JSON does not have the escape \"\\" + std::string{next} + "\": write \\\\ for a backslash");
  }

  [[noreturn]] void fail_after_end() const {
    const bool is_document = current() == '{' || current() == '[' || rest().starts_with("---");
    if (is_document) fail("a second document begins here: each file has one configuration. Move it to another file");
    if (current() == '}' || current() == ']') fail("this bracket closes nothing: remove it");
    if (current() == ',') fail("a comma after the end of the configuration: remove it");
    fail("text after the end of the configuration: remove it");
  }

  std::string position_text(std::size_t offset) const;

  std::string_view text_;
  std::size_t position_ = 0;
  std::vector<Open> open_{};
};

/// Columns count characters, not bytes of UTF-8.
JsonSyntaxFault fault_at(std::string_view text, std::size_t offset, std::string message) {
  const auto before = text.substr(0, std::min(offset, text.size()));
  const auto line_begin = before.rfind('\n') == end_of_text ? 0 : before.rfind('\n') + 1;
  const auto is_first_byte = [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U; };
  return {.line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1,
          .column = static_cast<std::size_t>(std::ranges::count_if(before.substr(line_begin), is_first_byte)) + 1,
          .message = std::move(message)};
}

std::string Scanner::position_text(std::size_t offset) const {
  const auto fault = fault_at(text_, offset, {});
  return "line " + std::to_string(fault.line) + ", column " + std::to_string(fault.column);
}

}  // namespace

std::optional<JsonSyntaxFault> find_syntax_fault(std::string_view text) {
  try {
    Scanner{text}.scan();
    return std::nullopt;
  } catch (const Fault& fault) {
    return fault_at(text, fault.offset, fault.message);
  }
}

std::string to_string(const JsonSyntaxFault& fault) {
  return "line " + std::to_string(fault.line) + ", column " + std::to_string(fault.column) + ": " + fault.message;
}

}  // namespace vethctl
