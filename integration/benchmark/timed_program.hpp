#pragma once

#include <string>
#include <vector>

namespace benchmark {

/// A program to be run as a runtime runs a plugin. All of it is ready before the clock starts.
struct Program {
  std::vector<std::string> argv;         ///< the first is a path
  std::vector<std::string> environment;  ///< "NAME=value", and nothing beside
  std::string input = {};                ///< what the pipe on its standard input holds: at most 64 KiB
};

/// The texts as execve wants them; they must outlive it.
std::vector<char*> pointers(const std::vector<std::string>& texts);

struct Timing {
  double milliseconds = 0;  ///< from before the spawn until it has been waited for, by CLOCK_MONOTONIC
  double cpu_milliseconds = 0;
  long page_faults = 0;
  std::string output = {};     ///< its standard output
  std::string complaint = {};  ///< its standard error
};

/// Runs it to its end. Throws std::runtime_error with what it printed where its status is not 0, std::system_error
/// where it cannot be run. May be called by many threads at once.
Timing run_timed(const Program& program);

}  // namespace benchmark
