#include "integration/support/markdown.hpp"

#include <cctype>
#include <regex>
#include <sstream>

namespace support {
namespace {

bool is_fence(const std::string& line) { return line.starts_with("```"); }

/// An indented line is code.
bool is_indented(const std::string& line) { return line.starts_with("    "); }

std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char character : heading) {
    const auto byte = static_cast<unsigned char>(character);
    if (std::isalnum(byte) != 0 || character == '-' || character == '_') {
      anchor += static_cast<char>(std::tolower(byte));
    } else if (character == ' ') {
      anchor += '-';
    }
  }
  return anchor;
}

/// The document without its code blocks.
std::string prose(const std::string& document) {
  std::istringstream lines{document};
  std::string text;
  bool is_fenced = false;
  for (std::string line; std::getline(lines, line);) {
    if (is_fence(line)) {
      is_fenced = !is_fenced;
    } else if (!is_fenced && !is_indented(line)) {
      text += line + '\n';
    }
  }
  return text;
}

}  // namespace

std::vector<std::string> matches(const std::string& text, const std::string& expression) {
  const std::regex regex{expression};
  std::vector<std::string> found;
  for (std::sregex_iterator match{text.begin(), text.end(), regex}, end; match != end; ++match) {
    found.push_back((*match)[1].str());
  }
  return found;
}

std::vector<CodeBlock> code_blocks(const std::string& document) {
  std::istringstream lines{document};
  std::vector<CodeBlock> blocks;
  bool is_fenced = false;
  bool was_indented = false;
  for (std::string line; std::getline(lines, line);) {
    const bool begins_indented = !is_fenced && !was_indented && is_indented(line);
    if (is_fence(line)) {
      if (!is_fenced) blocks.push_back({.language = line.substr(3), .text = {}});
      is_fenced = !is_fenced;
      was_indented = false;
      continue;
    }
    if (begins_indented) blocks.push_back({.language = {}, .text = {}});
    was_indented = !is_fenced && is_indented(line);
    if (is_fenced || was_indented) blocks.back().text += line + '\n';
  }
  return blocks;
}

std::vector<std::string> code(const std::string& document) {
  auto parts = matches(prose(document), "`([^`\n]+)`");
  for (const auto& block : code_blocks(document)) parts.push_back(block.text);
  return parts;
}

std::vector<std::string> link_targets(const std::string& document) {
  std::vector<std::string> targets;
  for (const auto& target : matches(prose(document), R"(\]\(([^)\s]+)\))")) {
    if (!target.starts_with("https://")) targets.push_back(target);
  }
  return targets;
}

std::vector<std::string> heading_anchors(const std::string& document) {
  std::vector<std::string> anchors;
  for (const auto& heading : matches('\n' + prose(document), "\n#+ ([^\n]+)")) anchors.push_back(anchor_of(heading));
  return anchors;
}

}  // namespace support
