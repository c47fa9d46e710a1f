#pragma once

#include "plugin/cni/environment.hpp"
#include "plugin/cni/stopwatch.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

// The process of a plugin as the specification defines it: input, output and exit status.
namespace cni {

/// One call, not checked yet.
struct Call {
  Environment environment;
  std::string input;               ///< the network configuration, not parsed
  Stopwatch* stopwatch = nullptr;  ///< measures the steps of the call; null: timing is off
};

struct Plugin {
  std::string_view type;     ///< "veth"
  std::string_view version;  ///< of the plugin, "0.1.0"

  /// Executes the call and prints its result with `print`. ADD must undo its work if printing fails. Throws Error and
  /// std::system_error.
  std::function<void(Call call, const std::function<void(std::string_view)>& print)> serve;

  std::string_view guidance{};  ///< printed after the name and the versions in a call without CNI_COMMAND
};

/// The streams of the process, and the system functions that logging (key "log") needs. Each throws std::system_error.
struct Streams {
  std::function<std::string(std::chrono::milliseconds timeout)> read_input;
  std::function<void(std::string_view)> write_output;
  std::function<void(std::string_view)> write_error;
  std::function<void(const std::string& file, std::string_view line)> append_line;
  std::function<std::uint64_t()> random_number;  ///< not 0
};

/// Name and version of the plugin, and the supported versions of the protocol.
std::string about(const Plugin& plugin);

/// Serves one call and returns the exit status. An exception is printed as the error object of the specification, with
/// status 1. Without CNI_COMMAND, prints name and version of the plugin to the error stream and returns 0. If the
/// configuration has a log, appends a line after the result has been printed; a failure to do so is ignored.
int serve_process(const Plugin& plugin, const Streams& streams);

}  // namespace cni
