#include "integration/support/strace.hpp"

#include <fstream>

namespace support {
namespace {

constexpr auto trace = "/run/test/trace";

/// The first quoted text of a line: execve("/usr/lib/cni/host-local", ...
std::string first_quoted(const std::string& line) {
  const auto begin = line.find('"') + 1;
  return line.substr(begin, line.find('"', begin) - begin);
}

}  // namespace

Traced trace_programs(Call call) {
  call.wrapper = {"strace", "-f", "-o", trace, "-e", "trace=execve,execveat"};
  Traced traced{support::call(call), {}};
  std::ifstream lines{trace};
  for (std::string line; std::getline(lines, line);) {
    if (line.find("execve") != std::string::npos) traced.programs.push_back(first_quoted(line));
  }
  return traced;
}

}  // namespace support
