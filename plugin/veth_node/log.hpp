#pragma once

#include "plugin/cni/error.hpp"

#include <string>
#include <string_view>

namespace veth_node {

/// Writes one JSON object a line, in the form of the log of veth: {"time":...,"level":...,"plugin":"veth-node",...}.
class Log {
 public:
  /// Appends to the file; without a name writes to standard error, which systemd and runtimes keep.
  explicit Log(std::string file = {}) : file_(std::move(file)) {}

  void info(std::string_view message) const;
  void warning(std::string_view message) const;
  void error(const cni::Error& error) const;

 private:
  void write(const std::string& line) const;

  std::string file_;
};

/// The line of a message. `error` may be null.
std::string log_line(std::string_view level, std::string_view message, const cni::Error* error);

}  // namespace veth_node
