#include "integration/support/counting.hpp"

#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace support {
namespace {

constexpr auto trace_file = "/run/test/strace";

Answer call_or_throw(const Call& made, int exit = 0) {
  auto answer = call(made);
  if (answer.exit != exit) throw std::runtime_error(made.wrapper.front() + ": " + answer.out + answer.err);
  return answer;
}

void count(std::string_view line, SystemCalls& calls) {
  const auto name = line.substr(0, line.find('('));
  if (name.size() == line.size()) return;  // "+++ exited with 0 +++"
  ++calls.all;
  if (name == "sendmsg" || name == "sendto") ++calls.sends;
  if (name.starts_with("open") && line.find(") = -1 ") == std::string_view::npos) ++calls.opens;
}

}  // namespace

SystemCalls count_system_calls(Call call, int exit) {
  call.wrapper = {"strace", "-qq", "-o", trace_file};
  call_or_throw(call, exit);
  SystemCalls calls;
  std::ifstream trace{trace_file};
  for (std::string line; std::getline(trace, line);) count(line, calls);
  return calls;
}

/// "==7== Collected : 394576"
std::uint64_t count_instructions(Call call) {
  call.wrapper = {"valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"};
  const auto words = call_or_throw(call).err;
  constexpr std::string_view label = "Collected : ";
  const auto found = words.find(label);
  if (found == std::string::npos) throw std::runtime_error("cannot find the count in the output of valgrind: " + words);
  return std::stoull(words.substr(found + label.size()));
}

}  // namespace support
