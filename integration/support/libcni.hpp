#pragma once

#include "integration/support/call.hpp"
#include "integration/support/command.hpp"

#include <string>

namespace support {

/// Calls of libcni, the library that runtimes and cnitool use, through the driver in integration/libcni.
struct Libcni {
  std::string folder;                      ///< with the .conflist files
  std::string network;                     ///< the name of a network in one of them
  std::string path = default_path();       ///< CNI_PATH
  std::string cache = "/run/test/libcni";  ///< where libcni stores results between calls
  std::string capabilities = {};  ///< JSON: the values that the runtime passes to plugins that declare the capability

  /// add, check, del or validate.
  Outcome run(const std::string& verb, const Container& container) const;
};

/// False if the driver was not built because golang-go or golang-github-appc-cni-dev is missing.
bool has_libcni();

}  // namespace support
