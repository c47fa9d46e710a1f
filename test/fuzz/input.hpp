#pragma once

#include "plugin/cni/error.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

// Functions that all fuzz targets use. A target defines check_input(), which libFuzzer calls with each input.
namespace fuzz {

/// Aborts, which libFuzzer reports, unless the condition holds.
inline void expect(bool condition, std::string_view expectation) {
  if (condition) return;
  std::cerr << "violated: " << expectation << '\n';
  std::abort();
}

/// A cni::Error is a valid answer to an input. Any other exception ends the run.
template <class Act>
void allow_cni_error(const Act& act) {
  try {
    act();
  } catch (const cni::Error& error) {
    expect(error.code != 0 && !error.message.empty(), "an error has a code and a message");
    expect(!cni::to_json(error, cni::newest_version).empty(), "an error can be printed");
  }
}

/// Removes the first line with its newline, and returns it without the newline.
inline std::string take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const std::string line{text.substr(0, end)};
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

void check_input(std::string_view text);

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::check_input({reinterpret_cast<const char*>(data), size});
  return 0;
}
