#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <string>

namespace veth_node {

/// A file that `run` keeps locked (shared, with flock(2)), so that other processes know that it runs, whatever PID
/// namespace it is in.
inline constexpr const char* default_run_mark = "/run/veth-node/running";

/// The lock ends with the result. Throws std::system_error.
posix::FileDescriptor mark_as_running(const std::string& path = default_run_mark);

bool is_running(const std::string& path = default_run_mark);

}  // namespace veth_node
