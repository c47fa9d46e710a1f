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

/// The object "log": where a line for each call is written.
struct LogConfig {
  std::string file;  ///< directly in /var/log/veth-cni or /run/veth-cni; ends in ".log"
  LogLevel level = LogLevel::info;

  bool operator==(const LogConfig&) const = default;
};

/// nullopt where no log is wanted. Throws Error for what is not right in it.
std::optional<LogConfig> read_log(JsonObject& network);

/// What the log needs to know of a configuration that may be wrong in all else.
struct LogWish {
  LogConfig log;
  std::string network{};  ///< empty where it cannot be read

  bool operator==(const LogWish&) const = default;
};

/// nullopt where no log is wanted, or where the wish cannot be read.
std::optional<LogWish> find_log_wish(std::string_view text);

/// Whether the text may be one that wants a log. Costs next to nothing; false is certain.
bool may_want_log(std::string_view text);

}  // namespace cni
