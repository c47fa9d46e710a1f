#pragma once

#include "plugin/wiring/tuning.hpp"

#include <vector>

// Settings that a configuration names. They are those of the network namespace that the calling thread is in.
namespace kernel {

/// Throws std::system_error with path, value and what the kernel says. Nothing outside of /proc/sys is reached,
/// whatever a path says.
void write_sysctls(const std::vector<wiring::Sysctl>& sysctls);

/// The same paths with the values that the kernel has; one that cannot be read is left out.
std::vector<wiring::Sysctl> read_sysctls(const std::vector<wiring::Sysctl>& sysctls);

}  // namespace kernel
