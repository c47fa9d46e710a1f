#include "plugin/cni/trace_context.hpp"

#include <cstddef>

namespace cni {
namespace {

// Lengths and places of section 3.2 of the recommendation.
constexpr std::size_t length = 55;
constexpr std::size_t version_length = 2;
constexpr std::size_t trace_id_at = 3;
constexpr std::size_t trace_id_length = 32;
constexpr std::size_t parent_id_at = 36;
constexpr std::size_t parent_id_length = 16;
constexpr std::size_t flags_at = 53;

bool is_hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_id(std::string_view text) {
  return is_hexadecimal(text) && text.find_first_not_of('0') != std::string_view::npos;
}

bool has_dashes(std::string_view text) {
  return text[trace_id_at - 1] == '-' && text[parent_id_at - 1] == '-' && text[flags_at - 1] == '-';
}

/// Version 00 ends with the flags; a later one may go on after a dash, and ff is none.
bool ends_well(std::string_view version, std::string_view text) {
  if (!is_hexadecimal(version) || version == "ff") return false;
  return text.size() == length || (version != "00" && text[length] == '-');
}

}  // namespace

std::optional<TraceContext> find_trace_context(std::string_view text) {
  if (text.size() < length || !has_dashes(text) || !ends_well(text.substr(0, version_length), text)) {
    return std::nullopt;
  }
  const auto trace_id = text.substr(trace_id_at, trace_id_length);
  const auto parent_id = text.substr(parent_id_at, parent_id_length);
  const auto flags = text.substr(flags_at, length - flags_at);
  if (!is_id(trace_id) || !is_id(parent_id) || !is_hexadecimal(flags)) return std::nullopt;
  return TraceContext{.trace_id = std::string{trace_id}, .parent_id = std::string{parent_id}};
}

}  // namespace cni
