#pragma once

#include "plugin/cni/environment.hpp"
#include "plugin/cni/stopwatch.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

// The contract between a runtime and the process of a plugin: what is read, what is printed, and what the exit status
// says.
namespace cni {

/// One call as it arrives.
struct Call {
  Environment environment;
  std::string input;               ///< the network configuration, unread
  Stopwatch* stopwatch = nullptr;  ///< for the steps of the call; null: nobody wants to know
};

struct Plugin {
  std::string_view type;     ///< "veth"
  std::string_view version;  ///< of the plugin, "0.1.0"

  /// Does what the call asks for, and returns what is to be printed; ADD prints its result itself, through `print`,
  /// because a result that cannot be written has to be undone. Throws Error and std::system_error.
  std::function<void(Call call, const std::function<void(std::string_view)>& print)> serve;
};

/// The process's own streams, and what a call that is written down (key "log") needs of the system. Each throws
/// std::system_error.
struct Streams {
  std::function<std::string(std::chrono::milliseconds patience)> read_input;
  std::function<void(std::string_view)> write_output;
  std::function<void(std::string_view)> write_error;
  std::function<void(const std::string& file, std::string_view line)> append_line;
  std::function<std::uint64_t()> random_number;  ///< any but 0
};

/// Serves one call and returns the exit status. Whatever is thrown becomes the error object of the specification on the
/// output, and status 1. Without CNI_COMMAND it says on the error stream what the plugin is, and returns 0.
/// Where the configuration wants a log, a line is appended after the answer has been written; a line that cannot be
/// written changes nothing.
int serve_process(const Plugin& plugin, const Streams& streams);

}  // namespace cni
