#include "plugin/vethctl/event_filter.hpp"

#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/report/event.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <string_view>
#include <utility>

namespace vethctl {
namespace {

using Clock = std::chrono::system_clock;

/// The whole text as a number without sign.
template <class Number>
std::optional<Number> find_number(std::string_view text) {
  Number number{};
  const auto* end = text.data() + text.size();
  const auto [last, fault] = std::from_chars(text.data(), end, number);
  return fault == std::errc{} && last == end ? std::optional{number} : std::nullopt;
}

std::optional<std::int64_t> seconds_of_unit(char unit) {
  constexpr std::array<std::pair<char, std::int64_t>, 4> units{{{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}}};
  const auto found = std::ranges::find(units, unit, &std::pair<char, std::int64_t>::first);
  return found == units.end() ? std::nullopt : std::optional{found->second};
}

/// "90s", "10m", "2h", "3d".
std::optional<std::chrono::seconds> find_duration(std::string_view text) {
  constexpr std::uint32_t max_number = 10'000'000;
  if (text.empty()) return std::nullopt;
  const auto unit = seconds_of_unit(text.back());
  const auto number = find_number<std::uint32_t>(text.substr(0, text.size() - 1));
  if (!unit || !number || *number > max_number) return std::nullopt;
  return std::chrono::seconds{*number * *unit};
}

/// As in the log, in UTC.
std::string time_text(Clock::time_point time) {
  const auto seconds = Clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.000000Z", &parts);
  return {text.data(), length};
}

/// Whether the text is the beginning of a time in the log: digits where the pattern has '0'.
bool matches(std::string_view text, std::string_view pattern) {
  return std::ranges::equal(text, pattern.substr(0, text.size()), [](char character, char expected) {
    return expected == '0' ? character >= '0' && character <= '9' : character == expected;
  });
}

/// "2026-01-31", "2026-01-31 12:00", "2026-01-31T12:00:00Z" and "2026-01-31T12:00:00.123456Z", all in UTC.
std::optional<std::string> find_time(std::string text) {
  constexpr std::string_view pattern = "0000-00-00T00:00:00.000000Z";
  constexpr std::string_view earliest = "0000-01-01T00:00:00.000000Z";
  constexpr std::array<std::size_t, 4> lengths{10, 16, 19, 26};  // to the day, minute, second and microsecond
  constexpr std::size_t date_length = 10;
  if (text.size() > date_length && text[date_length] == ' ') text[date_length] = 'T';
  if (text.ends_with('Z')) text.pop_back();
  if (std::ranges::find(lengths, text.size()) == lengths.end() || !matches(text, pattern)) return std::nullopt;
  return text + std::string{earliest.substr(text.size())};
}

std::string read_since(const std::string& text, Clock::time_point now) {
  if (const auto duration = find_duration(text)) return time_text(now - *duration);
  if (auto time = find_time(text)) return *std::move(time);
  throw UsageError{"--since " + text::quoted(text) +
                   ": must be a duration, as 90s, 10m, 2h or 3d, or a time in UTC, as 2026-01-31 12:00"};
}

std::size_t read_tail(const std::string& text) {
  if (const auto number = find_number<std::uint32_t>(text)) return *number;
  throw UsageError{"--tail " + text::quoted(text) + ": must be a number of calls"};
}

}  // namespace

EventFilter read_event_filter(const Arguments& arguments, Clock::time_point now) {
  EventFilter filter{.container = arguments.value("container").value_or("")};
  if (const auto since = arguments.value("since")) filter.since = read_since(*since, now);
  if (const auto tail = arguments.value("tail")) filter.tail = read_tail(*tail);
  return filter;
}

bool accepts(const EventFilter& filter, const std::string& line) {
  if (!filter.since.empty() && report::time_of_event(line) < filter.since) return false;
  return filter.container.empty() || report::container_of_event(line).starts_with(filter.container);
}

void keep_selected(const EventFilter& filter, std::vector<std::string>& lines) {
  std::erase_if(lines, [&](const std::string& line) { return !accepts(filter, line); });
  if (!filter.tail || lines.size() <= *filter.tail) return;
  lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(*filter.tail));
}

}  // namespace vethctl
