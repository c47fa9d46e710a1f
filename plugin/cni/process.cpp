#include "plugin/cni/process.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/cni/version.hpp"

#include <exception>
#include <system_error>

namespace cni {
namespace {

/// One line with exactly one semantic version in it: nerdctl and Nomad parse it.
std::string about(const Plugin& plugin) {
  std::string text = "CNI " + std::string{plugin.type} + " plugin v" + std::string{plugin.version};
  text += "\nCNI protocol versions supported: ";
  for (const auto version : all_versions) {
    if (version != all_versions.front()) text += ", ";
    text += to_string(version);
  }
  return text + '\n';
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

}  // namespace

int serve_process(const Plugin& plugin, const Streams& streams) {
  Call call{.environment = read_environment(), .input = {}};
  if (call.environment.command.empty()) return say_what_it_is(plugin, streams);
  std::string input;
  try {
    if (checked_verb(call.environment) == Verb::version) {
      streams.write_output(answer_version(streams));
      return 0;
    }
    input = read_config(streams);
    call.input = input;
    plugin.serve(std::move(call), streams.write_output);
    return 0;
  } catch (...) {
    return fail(current_error(), input, streams);
  }
}

}  // namespace cni
