#pragma once

#include "plugin/cni/json_reader.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace cni {

enum class LogLevel {
  error,  ///< calls that failed
  info,   ///< every call
  debug,  ///< every call, with the duration of its steps
};

/// The object "log": the file to which each call appends a line.
struct LogConfig {
  std::string file;  ///< directly in /var/log/veth-cni or /run/veth-cni; ends in ".log"
  LogLevel level = LogLevel::info;

  bool operator==(const LogConfig&) const = default;
};

/// nullopt if no log is configured. Throws Error if the object is invalid.
std::optional<LogConfig> read_log(JsonObject& network);

/// Where to log a call whose configuration may otherwise be invalid.
struct LogTarget {
  LogConfig log;
  std::string network{};  ///< empty if it cannot be read

  bool operator==(const LogTarget&) const = default;
};

/// nullopt if no log is configured or the object "log" is invalid.
std::optional<LogTarget> find_log_target(std::string_view text);

/// A fast check without parsing: false if the text certainly has no key "log".
bool may_have_log_key(std::string_view text);

}  // namespace cni
