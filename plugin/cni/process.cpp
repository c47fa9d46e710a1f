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

int print_about(const Plugin& plugin, const Streams& streams) try {
  streams.write_error(about(plugin) + std::string{plugin.guidance});
  return 0;
} catch (const std::system_error&) {
  return 1;
}

/// VERSION does not need its input, so invalid or unreadable input is not an error.
std::string answer_version(const Streams& streams) {
  constexpr std::chrono::seconds timeout{1};
  try {
    return version_answer(find_version_text(streams.read_input(timeout)).value_or(""));
  } catch (const std::system_error&) {
    return version_answer("");
  }
}

std::string read_config(const Streams& streams) try {
  constexpr std::chrono::seconds timeout{10};
  return streams.read_input(timeout);
} catch (const std::system_error& error) {
  throw Error{ErrorCode::io_failure, std::string{"error reading from stdin: "} + error.what()};
}

/// The current exception as an Error: code 100 for a failed system call, 999 for an unexpected exception.
Error current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::system_error& error) {
    return {ErrorCode::system_refused, error.what()};
  } catch (const std::exception& error) {
    return {ErrorCode::internal, std::string{"internal error: "} + error.what()};
  }
}

Version answer_version_of(const std::string& input) {
  const auto text = find_version_text(input);
  return (text ? find_version(*text) : std::nullopt).value_or(newest_version);
}

int print_error(const Error& error, const std::string& input, const Streams& streams) try {
  streams.write_output(to_json(error, answer_version_of(input)));
  return 1;
} catch (const std::system_error&) {
  return 1;
}

/// The data of a call for its log line.
struct LogData {
  std::string input{};
  Stopwatch stopwatch{};  ///< runs only if the configuration may have a log
  std::string printed{};  ///< recorded only while the stopwatch runs
  std::optional<Error> error{};
};

/// The time for printing the result is included in the duration of the call.
std::function<void(std::string_view)> timed_print(const Streams& streams, LogData& data) {
  return [&streams, &data](std::string_view text) {
    streams.write_output(text);
    data.stopwatch.lap("answer");
    data.printed = text;
  };
}

void serve_verb(Call call, const Plugin& plugin, const Streams& streams, LogData& data) {
  data.input = read_config(streams);
  if (may_have_log_key(data.input)) data.stopwatch.start();
  call.input = data.input;
  call.stopwatch = &data.stopwatch;
  if (!data.stopwatch.is_running()) return plugin.serve(std::move(call), streams.write_output);
  plugin.serve(std::move(call), timed_print(streams, data));
}

int serve(Call call, const Plugin& plugin, const Streams& streams, LogData& data) try {
  if (checked_verb(call.environment) == Verb::version) {
    streams.write_output(answer_version(streams));
  } else {
    serve_verb(std::move(call), plugin, streams, data);
  }
  return 0;
} catch (...) {
  data.error = current_error();
  return print_error(*data.error, data.input, streams);
}

/// Empty for an invalid configuration: the call fails with an error anyway.
std::vector<std::string> ignored_keys_of(const std::string& input) try {
  return parse_config_file(input).ignored_keys;
} catch (const Error&) {
  return {};
}

/// The environment is read again, because serve() has consumed it.
LoggedCall logged_call(const LogData& data, const Plugin& plugin, std::string network) {
  auto environment = read_environment();
  return {.answered_at = std::chrono::system_clock::now(),
          .plugin = plugin.type,
          .verb = std::move(environment.command),
          .network = std::move(network),
          .container = std::move(environment.container_id),
          .interface = std::move(environment.ifname),
          .netns = std::move(environment.netns),
          .addresses = addresses_of_result(data.printed),
          .ignored_keys = ignored_keys_of(data.input),
          .error = data.error,
          .duration = data.stopwatch.total(),
          .steps = data.stopwatch.steps(),
          .trace = find_trace_context(read_trace_parent())};
}

/// The result has been printed already, so a failure here must not change the exit status.
void append_to_log(LogData& data, const Plugin& plugin, const Streams& streams) try {
  data.stopwatch.lap("end");
  const auto target = find_log_target(data.input);
  if (!target || (target->log.level == LogLevel::error && !data.error)) return;
  auto call = logged_call(data, plugin, target->network);
  if (call.trace) call.span_id = streams.random_number();
  streams.append_line(target->log.file, log_line(call, target->log.level));
} catch (const std::exception&) {
  return;
}

}  // namespace

/// The first line must contain exactly one semantic version: nerdctl and Nomad parse it.
std::string about(const Plugin& plugin) {
  std::string text = "CNI " + std::string{plugin.type} + " plugin v" + std::string{plugin.version};
  text += "\nCNI protocol versions supported: ";
  return text + text::joined(all_versions, ", ", [](Version version) { return to_string(version); }) + '\n';
}

int serve_process(const Plugin& plugin, const Streams& streams) {
  Call call{.environment = read_environment(), .input = {}};
  if (call.environment.command.empty()) return print_about(plugin, streams);
  LogData data;
  const int status = serve(std::move(call), plugin, streams, data);
  if (data.stopwatch.is_running()) append_to_log(data, plugin, streams);
  return status;
}

}  // namespace cni
