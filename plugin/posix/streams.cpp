#include "plugin/posix/streams.hpp"

#include "plugin/posix/files.hpp"

#include <unistd.h>

#include <cstddef>

namespace posix {

std::string read_input(std::chrono::milliseconds timeout) {
  constexpr std::size_t max_input_bytes = std::size_t{16} << 20U;
  if (::isatty(STDIN_FILENO) != 0) return {};
  return read_to_end(STDIN_FILENO, max_input_bytes, timeout);
}

void write_output(std::string_view text) { write_all(STDOUT_FILENO, text, "standard output"); }
void write_error(std::string_view text) { write_all(STDERR_FILENO, text, "standard error"); }

}  // namespace posix
