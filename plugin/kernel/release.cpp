#include "plugin/kernel/release.hpp"

#include <sys/utsname.h>

#include <charconv>
#include <string_view>
#include <tuple>

namespace kernel {
namespace {

/// Major and minor number of "6.1.0-50-amd64"; 0 for one that is missing.
std::tuple<int, int> numbers_of(std::string_view release) {
  int major = 0;
  int minor = 0;
  const char* const end = release.data() + release.size();
  const auto [rest, error] = std::from_chars(release.data(), end, major);
  if (error == std::errc{} && rest < end) std::from_chars(rest + 1, end, minor);
  return {major, minor};
}

}  // namespace

std::string release() {
  utsname system{};
  ::uname(&system);
  return static_cast<const char*>(system.release);
}

bool is_at_least(int major, int minor) { return numbers_of(release()) >= std::tuple{major, minor}; }

}  // namespace kernel
