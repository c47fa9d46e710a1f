#pragma once

#include <string>
#include <vector>

// Reads the parts of Markdown that the documents of this repository use.
namespace support {

/// A fenced or indented block of code; an indented one has no language.
struct CodeBlock {
  std::string language;
  std::string text;
};

std::vector<CodeBlock> code_blocks(const std::string& document);

/// All code of a document: the blocks, and the text in backticks.
std::vector<std::string> code(const std::string& document);

/// The targets of links and pictures, without those outside of the repository.
std::vector<std::string> link_targets(const std::string& document);

/// The anchors of the headings, as GitHub makes them: "## What a call costs" is "what-a-call-costs".
std::vector<std::string> heading_anchors(const std::string& document);

/// The first group of each match of the regular expression.
std::vector<std::string> matches(const std::string& text, const std::string& expression);

}  // namespace support
