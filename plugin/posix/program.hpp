#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace posix {

/// A program with its environment ("NAME=value" each) and standard input. It inherits our standard error.
struct Program {
  std::string path;
  std::vector<std::string> environment;
  std::string input;
};

struct Outcome {
  int exit_status = 0;  ///< as in a shell: 128 + signal number if a signal ended the program
  std::string output;   ///< its standard output
};

/// Runs the program to its end, without a timeout. Its signals are reset to their defaults. If the file is being
/// written (ETXTBSY), tries up to 5 times, one second apart. Throws std::system_error: EFBIG for more than
/// `output_limit` bytes of output.
Outcome run(const Program& program, std::size_t output_limit);

}  // namespace posix
