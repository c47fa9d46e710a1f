#pragma once

#include "integration/benchmark/timed_program.hpp"

namespace benchmark {

/// The peak of the resident memory of the program, in KiB. wait4 cannot be used: a program inherits the peak of its
/// parent. So the program runs under ptrace, and VmHWM is read when it exits. Throws std::system_error.
long measure_peak_memory(const Program& program);

}  // namespace benchmark
