#pragma once

#include <string>
#include <vector>

// Reading documents in Markdown, as far as this repository uses it.
namespace support {

/// A fenced block of code, or an indented one, which has no language.
struct CodeBlock {
  std::string language;
  std::string text;
};

std::vector<CodeBlock> code_blocks(const std::string& document);

/// All code of a document: the blocks, and what is in backticks.
std::vector<std::string> code(const std::string& document);

/// The targets of links and pictures, as they are written; those outside of the repository are left out.
std::vector<std::string> link_targets(const std::string& document);

/// The anchors of the headings, as GitHub makes them: "## What a call costs" is "what-a-call-costs".
std::vector<std::string> heading_anchors(const std::string& document);

/// Where the expression matches: the first group of each match.
std::vector<std::string> matches(const std::string& text, const std::string& expression);

}  // namespace support
