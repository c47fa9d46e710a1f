#include "plugin/vethctl/report/event.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/format.hpp"
#include "plugin/vethctl/report/style.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace report {
namespace {

constexpr std::size_t columns = 7;
constexpr std::array<std::size_t, columns> column_widths{23, 6, 12, 12, 9, 8, 0};

using Cells = std::array<std::string, columns>;

std::string row(const Cells& cells) {
  std::string text;
  for (std::size_t i = 0; i < columns; ++i) {
    auto cell = clean(cells[i].empty() ? "-" : cells[i]);
    const auto width = display_width(cell);
    if (width < column_widths[i]) cell.append(column_widths[i] - width, ' ');
    text += (i == 0 ? "" : "  ") + cell;
  }
  return text + '\n';
}

/// "2026-01-31T12:00:00.123456Z" as "2026-01-31 12:00:00.123".
std::string format_time(std::string time) {
  constexpr std::size_t length = 23;
  time.resize(std::min(time.size(), length));
  if (const auto between = time.find('T'); between != std::string::npos) time[between] = ' ';
  return time;
}

std::string format_duration(std::uint64_t microseconds) {
  constexpr std::uint64_t step = 1000;
  if (microseconds < step) return std::to_string(microseconds) + " us";
  const bool is_short = microseconds < step * step;
  const auto tenths = microseconds / (is_short ? step / 10 : step * step / 10);
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + (is_short ? " ms" : " s");
}

std::string duration_of(cni::JsonObject& call) {
  const auto duration = call.find("duration_us");
  return duration ? format_duration(duration->as_unsigned(0, std::numeric_limits<std::uint64_t>::max())) : "";
}

std::string format_code(cni::JsonObject& error) {
  const auto code = error.find("code");
  return code ? "error " + code->text() : "error";
}

std::string result_of(cni::JsonObject& call) {
  auto error = call.find_object("error");
  if (!error) return text::joined(call.strings("addresses"), " ").insert(0, "ok ");
  const auto details = error->string_or("details", "");
  return format_code(*error) + ": " + error->string_or("msg", "") + (details.empty() ? "" : "; " + details);
}

std::string without_trailing_space(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

Cells cells_of(cni::JsonObject& call) {
  return {format_time(call.require("time").as_string()),
          call.require("verb").as_string(),
          call.string_or("network", ""),
          format_container(call.string_or("container", "")),
          call.string_or("interface", ""),
          duration_of(call),
          without_trailing_space(result_of(call))};
}

}  // namespace

std::string event_heading() {
  return row({"TIME (UTC)", "VERB", "NETWORK", "CONTAINER", "INTERFACE", "DURATION", "RESULT"});
}

std::string event_row(std::string_view line, bool is_coloured) try {
  const cni::JsonDocument document(line, "the line");
  auto call = document.root().as_object();
  auto cells = cells_of(call);
  if (is_coloured && cells.back().starts_with("error")) cells.back() = styled(Style::red, cells.back());
  return row(cells);
} catch (const cni::Error&) {
  return "? " + clean(line) + '\n';
}

std::string event_json(std::string_view line) try {
  const cni::JsonDocument document(line, "the line");
  document.root().as_object();
  return std::string{line};
} catch (const cni::Error&) {
  cni::JsonWriter json{0};
  json.begin_object();
  json.member("line", line);
  json.end_object();
  return json.text();
}

std::string container_of_event(std::string_view line) try {
  const cni::JsonDocument document(line, "the line");
  return document.root().as_object().string_or("container", "");
} catch (const cni::Error&) {
  return "";
}

std::string time_of_event(std::string_view line) try {
  const cni::JsonDocument document(line, "the line");
  return document.root().as_object().string_or("time", "");
} catch (const cni::Error&) {
  return "";
}

}  // namespace report
