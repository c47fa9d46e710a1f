#pragma once

#include "plugin/cni/error.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

// What the fuzz targets share: each is a function of one text, called by libFuzzer ever again.
namespace fuzz {

/// What holds of every input.
inline void expect(bool holds, std::string_view what) {
  if (holds) return;
  std::cerr << "does not hold: " << what << '\n';
  std::abort();
}

/// Whether it was read, and not refused by cni::Error. All else that is thrown ends the run.
template <class Act>
bool is_read(const Act& act) {
  try {
    act();
    return true;
  } catch (const cni::Error& error) {
    expect(error.code != 0 && !error.message.empty(), "an error has a code and a message");
    expect(!cni::to_json(error, cni::newest_version).empty(), "an error can be printed");
    return false;
  }
}

/// The text up to the separator, which is taken away with it.
inline std::string take_line(std::string_view& text, char separator = '\n') {
  const auto end = text.find(separator);
  const std::string line{text.substr(0, end)};
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

void examine(std::string_view text);

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::examine({reinterpret_cast<const char*>(data), size});
  return 0;
}
