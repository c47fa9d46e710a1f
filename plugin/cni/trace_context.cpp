#include "plugin/cni/trace_context.hpp"

#include <cstddef>

namespace cni {
namespace {

// Lengths and offsets: W3C Trace Context, section 3.2.
constexpr std::size_t length = 55;
constexpr std::size_t version_length = 2;
constexpr std::size_t trace_id_offset = 3;
constexpr std::size_t trace_id_length = 32;
constexpr std::size_t parent_id_offset = 36;
constexpr std::size_t parent_id_length = 16;
constexpr std::size_t flags_offset = 53;

bool is_hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_id(std::string_view text) {
  return is_hexadecimal(text) && text.find_first_not_of('0') != std::string_view::npos;
}

bool has_dashes(std::string_view text) {
  return text[trace_id_offset - 1] == '-' && text[parent_id_offset - 1] == '-' && text[flags_offset - 1] == '-';
}

/// Version 00 ends after the flags, a later version may continue after a dash, and version ff is invalid.
bool has_valid_version(std::string_view version, std::string_view text) {
  if (!is_hexadecimal(version) || version == "ff") return false;
  return text.size() == length || (version != "00" && text[length] == '-');
}

}  // namespace

std::optional<TraceContext> find_trace_context(std::string_view text) {
  if (text.size() < length || !has_dashes(text) || !has_valid_version(text.substr(0, version_length), text)) {
    return std::nullopt;
  }
  const auto trace_id = text.substr(trace_id_offset, trace_id_length);
  const auto parent_id = text.substr(parent_id_offset, parent_id_length);
  const auto flags = text.substr(flags_offset, length - flags_offset);
  if (!is_id(trace_id) || !is_id(parent_id) || !is_hexadecimal(flags)) return std::nullopt;
  return TraceContext{.trace_id = std::string{trace_id}, .parent_id = std::string{parent_id}};
}

}  // namespace cni
