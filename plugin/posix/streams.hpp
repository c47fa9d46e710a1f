#pragma once

#include <chrono>
#include <string>
#include <string_view>

// The standard streams of the process. Each function throws std::system_error.
namespace posix {

/// All of standard input; empty if it is a terminal. Throws EFBIG for more than 16 MiB, and ETIMEDOUT if the end is not
/// reached within `timeout`.
std::string read_input(std::chrono::milliseconds timeout);

void write_output(std::string_view text);
void write_error(std::string_view text);

}  // namespace posix
