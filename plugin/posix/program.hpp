#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace posix {

/// A program with its environment ("NAME=value" each) and standard input. It inherits our standard error.
struct Program {
  std::string path;
  std::vector<std::string> arguments{};  ///< without the name of the program
  std::vector<std::string> environment;
  std::string input;
  std::optional<std::chrono::milliseconds> timeout{};  ///< then it is killed; nullopt: never
};

struct Outcome {
  int exit_status = 0;  ///< as in a shell: 128 + signal number if a signal ended the program
  std::string output;   ///< its standard output
  bool has_timed_out = false;
};

/// Runs the program to its end. Its signals are reset to their defaults. If the file is being
/// written (ETXTBSY), tries up to 5 times, one second apart. Throws std::system_error: EFBIG for more than
/// `output_limit` bytes of output.
Outcome run(const Program& program, std::size_t output_limit);

}  // namespace posix
