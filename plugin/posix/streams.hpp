#pragma once

#include <chrono>
#include <string>
#include <string_view>

// The standard streams of the process. Each function throws std::system_error.
namespace posix {

/// All of standard input; empty where that is a terminal: nobody will type a network configuration. Throws EFBIG past 1
/// MiB, and ETIMEDOUT where it has no end after `patience`.
std::string read_input(std::chrono::milliseconds patience);

void write_output(std::string_view text);
void write_error(std::string_view text);

}  // namespace posix
