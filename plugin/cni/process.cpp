#include "plugin/cni/process.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/log_config.hpp"
#include "plugin/cni/log_line.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/cni/trace_context.hpp"
#include "plugin/cni/version.hpp"
#include "plugin/text/joined.hpp"

#include <exception>
#include <optional>
#include <system_error>
#include <utility>

namespace cni {
namespace {

/// One line with exactly one semantic version in it: nerdctl and Nomad parse it.
std::string about(const Plugin& plugin) {
  std::string text = "CNI " + std::string{plugin.type} + " plugin v" + std::string{plugin.version};
  text += "\nCNI protocol versions supported: ";
  return text + text::joined(all_versions, ", ", [](Version version) { return to_string(version); }) + '\n';
}

int say_what_it_is(const Plugin& plugin, const Streams& streams) try {
  streams.write_error(about(plugin));
  return 0;
} catch (const std::system_error&) {
  return 1;
}

/// VERSION needs no input, so nothing about it is a failure.
std::string answer_version(const Streams& streams) {
  constexpr std::chrono::seconds patience{1};
  try {
    return version_answer(find_version_text(streams.read_input(patience)).value_or(""));
  } catch (const std::system_error&) {
    return version_answer("");
  }
}

std::string read_config(const Streams& streams) try {
  constexpr std::chrono::seconds patience{10};
  return streams.read_input(patience);
} catch (const std::system_error& error) {
  throw Error{ErrorCode::io_failure, std::string{"error reading from stdin: "} + error.what()};
}

/// The error as the runtime gets it: what the system refused has a code of ours, and what nobody expected the
/// reference's 999.
Error current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::system_error& error) {
    return {ErrorCode::system_refused, error.what()};
  } catch (const std::exception& error) {
    return {ErrorCode::internal, std::string{"unexpected: "} + error.what()};
  }
}

Version answer_version_of(const std::string& input) {
  const auto text = find_version_text(input);
  return (text ? find_version(*text) : std::nullopt).value_or(newest_version);
}

int fail(const Error& error, const std::string& input, const Streams& streams) try {
  streams.write_output(to_json(error, answer_version_of(input)));
  return 1;
} catch (const std::system_error&) {
  return 1;
}

/// What a call leaves for the log.
struct Course {
  std::string input{};
  Stopwatch stopwatch{};  ///< runs where a log may be wanted
  std::string printed{};  ///< by a call whose stopwatch runs
  std::optional<Error> error{};
};

/// The time of the answer is part of the call.
std::function<void(std::string_view)> timed_print(const Streams& streams, Course& course) {
  return [&streams, &course](std::string_view text) {
    streams.write_output(text);
    course.stopwatch.lap("answer");
    course.printed = text;
  };
}

void serve_verb(Call call, const Plugin& plugin, const Streams& streams, Course& course) {
  course.input = read_config(streams);
  if (may_want_log(course.input)) course.stopwatch.start();
  call.input = course.input;
  call.stopwatch = &course.stopwatch;
  if (!course.stopwatch.is_running()) return plugin.serve(std::move(call), streams.write_output);
  plugin.serve(std::move(call), timed_print(streams, course));
}

int serve(Call call, const Plugin& plugin, const Streams& streams, Course& course) try {
  if (checked_verb(call.environment) == Verb::version) {
    streams.write_output(answer_version(streams));
  } else {
    serve_verb(std::move(call), plugin, streams, course);
  }
  return 0;
} catch (...) {
  course.error = current_error();
  return fail(*course.error, course.input, streams);
}

/// None of a configuration that is refused: its fault is the error of the call.
std::vector<std::string> ignored_keys_of(const std::string& input) try {
  return parse_network_config(input, Verb::version, {}).ignored_keys;
} catch (const Error&) {
  return {};
}

/// The environment is read again: the call took it along.
LoggedCall describe(const Course& course, const Plugin& plugin, std::string network) {
  auto environment = read_environment();
  return {.answered_at = std::chrono::system_clock::now(),
          .plugin = plugin.type,
          .verb = std::move(environment.command),
          .network = std::move(network),
          .container = std::move(environment.container_id),
          .interface = std::move(environment.ifname),
          .netns = std::move(environment.netns),
          .addresses = addresses_of_result(course.printed),
          .ignored_keys = ignored_keys_of(course.input),
          .error = course.error,
          .duration = course.stopwatch.total(),
          .steps = course.stopwatch.steps(),
          .trace = find_trace_context(read_trace_parent())};
}

/// The runtime has its answer: nothing that goes wrong here may change the exit status, whatever it is.
void write_down(Course& course, const Plugin& plugin, const Streams& streams) try {
  course.stopwatch.lap("end");
  const auto wish = find_log_wish(course.input);
  if (!wish || (wish->log.level == LogLevel::error && !course.error)) return;
  auto call = describe(course, plugin, wish->network);
  if (call.trace) call.span_id = streams.random_number();
  streams.append_line(wish->log.file, log_line(call, wish->log.level));
} catch (const std::exception&) {
  return;
}

}  // namespace

int serve_process(const Plugin& plugin, const Streams& streams) {
  Call call{.environment = read_environment(), .input = {}};
  if (call.environment.command.empty()) return say_what_it_is(plugin, streams);
  Course course;
  const int status = serve(std::move(call), plugin, streams, course);
  if (course.stopwatch.is_running()) write_down(course, plugin, streams);
  return status;
}

}  // namespace cni
