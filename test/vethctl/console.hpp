#pragma once

#include "plugin/vethctl/command.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace test {

/// A terminal that keeps its output.
struct Screen {
  std::string printed;
  std::string warned;

  vethctl::Console console(const std::string& root = {}) {
    return {.print = [this](std::string_view text) { printed += text; },
            .warn = [this](std::string_view text) { warned += text; },
            .width = 10'000,
            .root = root,
            .write = [this](std::string_view text) { printed += text; }};
  }
};

}  // namespace test
