#pragma once

#include "plugin/cni/error.hpp"

#include <string>
#include <system_error>

namespace test {

/// What `act` throws: "<code>: <message>" of a cni::Error, the text of a std::system_error; empty where it throws
/// neither.
std::string error_text(const auto& act) {
  try {
    act();
  } catch (const cni::Error& error) {
    return std::to_string(error.code) + ": " + error.message;
  } catch (const std::system_error& error) {
    return error.what();
  }
  return {};
}

}  // namespace test
