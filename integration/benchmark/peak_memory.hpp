#pragma once

#include "integration/benchmark/timed_program.hpp"

namespace benchmark {

/// The most memory that the program had resident at once, in KiB. wait4 does not tell it: a program inherits the peak
/// of whoever spawned it. So the program is run under ptrace and asked as it ends. Throws std::system_error.
long measure_peak_memory(const Program& program);

}  // namespace benchmark
