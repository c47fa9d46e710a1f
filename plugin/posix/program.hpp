#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace posix {

/// A program to run with a given environment ("NAME=value" each) and standard input; its standard error is ours.
struct Program {
  std::string path;
  std::vector<std::string> environment;
  std::string input;
};

struct Outcome {
  int exit_status = 0;  ///< as a shell gives it: 128 + signal for a program that a signal ended
  std::string output;   ///< its standard output
};

/// Runs it to its end, however long that takes. Its signals are reset to their defaults. Tries again where the file is
/// being written (ETXTBSY), up to 5 times, one second apart. Throws std::system_error; EFBIG where it prints more than
/// `output_limit` bytes.
Outcome run(const Program& program, std::size_t output_limit);

}  // namespace posix
