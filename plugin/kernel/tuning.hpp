#pragma once

#include "plugin/wiring/tuning.hpp"

#include <vector>

// The sysctls of a configuration, in the network namespace of the calling thread.
namespace kernel {

/// Throws std::system_error with path, value and the error of the kernel. A path cannot lead out of /proc/sys.
void write_sysctls(const std::vector<wiring::Sysctl>& sysctls);

/// The current values of these paths, without those that cannot be read.
std::vector<wiring::Sysctl> read_sysctls(const std::vector<wiring::Sysctl>& sysctls);

}  // namespace kernel
