#include "plugin/cni/log_line.hpp"

#include "plugin/cni/address.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/cni/result_reader.hpp"
#include "plugin/cni/version.hpp"

#include <array>
#include <cinttypes>
#include <cstdio>

namespace cni {
namespace {

std::uint64_t microseconds_of(Stopwatch::Clock::duration duration) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016" PRIx64, number);
  return text.data();
}

void write_steps(JsonWriter& json, const std::vector<Stopwatch::Step>& steps) {
  json.key("steps_us");
  json.begin_object();
  for (const auto& step : steps) json.member(step.name, microseconds_of(step.duration));
  json.end_object();
}

void write_error(JsonWriter& json, const Error& error) {
  json.key("error");
  json.begin_object();
  json.member("code", error.code);
  json.member("msg", error.message);
  write_nonempty(json, "details", error.details);
  json.end_object();
}

void write_trace(JsonWriter& json, const TraceContext& trace, std::uint64_t span_id) {
  json.member("trace_id", trace.trace_id);
  json.member("span_id", hexadecimal(span_id));
  json.member("parent_span_id", trace.parent_id);
}

}  // namespace

std::string log_time(std::chrono::system_clock::time_point time) {
  // The C library is not used because it reads the time zone from the environment.
  const auto microseconds = std::chrono::floor<std::chrono::microseconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(microseconds);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{microseconds - day};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text.data();
}

std::string log_line(const LoggedCall& call, LogLevel level) {
  JsonWriter json{0};
  json.begin_object();
  json.member("time", log_time(call.answered_at));
  json.member("level", call.error ? "error" : "info");
  json.member("plugin", call.plugin);
  json.member("verb", call.verb);
  write_nonempty(json, "network", call.network);
  write_nonempty(json, "container", call.container);
  write_nonempty(json, "interface", call.interface);
  write_nonempty(json, "netns", call.netns);
  json.member("result", call.error ? "error" : "ok");
  write_nonempty(json, "addresses", call.addresses);
  write_nonempty(json, "ignored_keys", call.ignored_keys);
  if (call.error) write_error(json, *call.error);
  json.member("duration_us", microseconds_of(call.duration));
  if (level == LogLevel::debug) write_steps(json, call.steps);
  if (call.trace) write_trace(json, *call.trace, call.span_id);
  json.end_object();
  return json.finished();
}

std::vector<std::string> addresses_of_result(std::string_view text) try {
  std::vector<std::string> addresses;
  const JsonDocument document(text, "the result");
  JsonObject object = document.root().as_object();
  const auto version = read_result_version(object, newest_version);
  for (const auto& address : read_result(object, version).addresses) addresses.push_back(to_string(address.address));
  return addresses;
} catch (const Error&) {
  return {};
}

}  // namespace cni
