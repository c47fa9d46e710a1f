#pragma once

#include <string>
#include <string_view>

// Colours of texts for the terminal. Reports write marks, which the last step replaces by escape sequences: everything
// else is cleaned of control characters before.
namespace report {

enum class Style { plain, bold, red, yellow, green, dim };

/// The text between two marks; the text itself if the style is plain or the text is empty.
std::string styled(Style style, std::string_view text);

/// A text that styled() has returned, as its parts; other texts are plain.
struct StyledText {
  Style style = Style::plain;
  std::string text{};

  bool operator==(const StyledText&) const = default;
};
StyledText parse_styled(std::string_view text);

/// Styles "fault", "warning", "note" and similar words at the beginnings of lines.
std::string styled_severities(std::string_view lines);

/// Replaces the marks by escape sequences (ECMA-48, SGR).
std::string with_escape_sequences(std::string_view text);

/// Replaces characters that ASCII does not have by similar ones of the same width.
std::string ascii(std::string_view text);

}  // namespace report
