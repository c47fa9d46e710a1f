#include "plugin/kubernetes/yaml.hpp"

#include "plugin/cni/error.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace kubernetes {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t max_depth = 32;

struct Line {
  std::size_t number = 0;
  std::size_t indent = 0;
  std::string_view text{};  ///< without indentation and white space at its end
};

[[noreturn]] void reject(std::size_t line, const std::string& reason) {
  throw cni::Error{cni::ErrorCode::decoding_failure,
                   "the kubeconfig cannot be read: line " + std::to_string(line) + ": " + reason,
                   "convert it: kubectl config view --raw --output json"};
}

std::string_view trimmed(std::string_view text) {
  const auto end = text.find_last_not_of(" \t\r");
  return end == std::string_view::npos ? std::string_view{} : text.substr(0, end + 1);
}

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto indent = std::min(line.find_first_not_of(' '), line.size());
    const auto content = line.substr(indent);
    if (content.empty() || content.front() == '#' || content == "---") continue;
    if (content.front() == '\t') reject(number, "a tab indents it");
    lines.push_back({.number = number, .indent = indent, .text = content});
  }
  return lines;
}

bool is_sequence_item(std::string_view text) { return text == "-" || text.starts_with("- "); }

/// A scalar of one line. The forms of YAML that span lines, and references, are not accepted.
Json scalar(const Line& line, std::string_view text) {
  if (text == "{}") return Json::object();
  if (text == "[]") return Json::array();
  const bool is_quoted =
      text.size() >= 2 && text.front() == text.back() && (text.front() == '"' || text.front() == '\'');
  if (is_quoted && text.front() == '"') {
    auto value = Json::parse(text, nullptr, false);
    if (!value.is_string()) reject(line.number, "its string cannot be read");
    return value;
  }
  if (is_quoted) return std::string{text.substr(1, text.size() - 2)};
  constexpr std::string_view indicators = "&*!|>{[\"'%@`";
  if (!text.empty() && indicators.find(text.front()) != std::string_view::npos) {
    reject(line.number, "this form of YAML is not supported");
  }
  return std::string{text.substr(0, text.find(" #"))};
}

class YamlReader {
 public:
  explicit YamlReader(std::string_view text) : lines_(lines_of(text)) {}

  Json read() {
    if (lines_.empty()) reject(1, "it is empty");
    auto value = read_block(lines_.front().indent, 0);
    if (next_ != lines_.size()) reject(lines_[next_].number, "its indentation is wrong");
    return value;
  }

 private:
  Json read_block(std::size_t indent, std::size_t depth) {
    if (depth > max_depth) reject(lines_[next_].number, "it is nested too deeply");
    return is_sequence_item(lines_[next_].text) ? read_sequence(indent, depth) : read_mapping(indent, depth);
  }

  Json read_sequence(std::size_t indent, std::size_t depth) {
    auto sequence = Json::array();
    while (has_line(indent) && is_sequence_item(lines_[next_].text)) {
      auto& line = lines_[next_];
      // "- key: value" begins a mapping at the position of the key.
      const auto offset = std::min(line.text.find_first_not_of(' ', 1), line.text.size());
      line.indent += offset;
      line.text.remove_prefix(offset);
      if (line.text.empty()) reject(line.number, "the element is empty");
      if (is_entry(line.text)) {
        sequence.push_back(read_block(line.indent, depth + 1));
      } else {
        sequence.push_back(scalar(line, line.text));
        ++next_;
      }
    }
    return sequence;
  }

  Json read_mapping(std::size_t indent, std::size_t depth) {
    auto mapping = Json::object();
    while (has_line(indent) && !is_sequence_item(lines_[next_].text)) {
      const auto line = lines_[next_];
      if (!is_entry(line.text)) reject(line.number, "it has no key");
      const auto colon = colon_of(line.text);
      const std::string key{line.text.substr(0, colon)};
      auto rest = line.text.substr(colon + 1);
      rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
      ++next_;
      mapping[key] = rest.empty() ? read_value_below(line, depth) : scalar(line, rest);
    }
    return mapping;
  }

  /// The value of a key without text: a deeper block, or a sequence at the same indentation; null if there is none.
  Json read_value_below(const Line& line, std::size_t depth) {
    if (next_ == lines_.size()) return nullptr;
    const auto& next = lines_[next_];
    const bool is_below = next.indent > line.indent || (next.indent == line.indent && is_sequence_item(next.text));
    return is_below ? read_block(next.indent, depth + 1) : Json{nullptr};
  }

  bool has_line(std::size_t indent) const { return next_ < lines_.size() && lines_[next_].indent == indent; }

  static std::size_t colon_of(std::string_view text) {
    if (text.ends_with(':') && text.find(": ") == std::string_view::npos) return text.size() - 1;
    return text.find(": ");
  }
  static bool is_entry(std::string_view text) { return colon_of(text) != std::string_view::npos; }

  std::vector<Line> lines_;
  std::size_t next_ = 0;
};

}  // namespace

nlohmann::ordered_json parse_yaml(std::string_view text) {
  if (const auto json = Json::parse(text, nullptr, false); json.is_object()) return json;
  return YamlReader{text}.read();
}

}  // namespace kubernetes
