#pragma once

#include <string>
#include <vector>

namespace benchmark {

/// A program that is run as by a runtime. Everything is prepared before the clock starts.
struct Program {
  std::vector<std::string> argv;         ///< the first is a path
  std::vector<std::string> environment;  ///< "NAME=value"; nothing is inherited
  std::string input = {};                ///< standard input: at most 1 MiB, which fit into a pipe
  bool may_fail = false;                 ///< an exit status other than 0 is no error
};

/// The texts as arguments of execve. They must outlive the result.
std::vector<char*> pointers(const std::vector<std::string>& texts);

struct Timing {
  double milliseconds = 0;  ///< from the spawn until wait4 has returned
  double cpu_milliseconds = 0;
  long page_faults = 0;
  std::string output = {};        ///< its standard output
  std::string error_output = {};  ///< its standard error
};

/// Runs the program to its end. Throws std::runtime_error with its output if its exit status is not 0,
/// std::system_error if it cannot be run. Thread-safe.
Timing run_timed(const Program& program);

}  // namespace benchmark
