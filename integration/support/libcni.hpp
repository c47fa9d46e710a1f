#pragma once

#include "integration/support/call.hpp"
#include "integration/support/command.hpp"

#include <string>

namespace support {

/// The library libcni itself, which runtimes and cnitool are made of, through the driver in integration/libcni.
struct Libcni {
  std::string folder;                      ///< of the .conflist files
  std::string network;                     ///< the name in one of them
  std::string path = default_path();       ///< CNI_PATH
  std::string cache = "/run/test/libcni";  ///< where libcni keeps results between the calls
  std::string capabilities = {};           ///< JSON: what the runtime passes to plugins that declare them

  /// add, check, del or validate.
  Outcome run(const std::string& verb, const Container& container) const;
};

/// False where it could not be built: Debian's golang-go or golang-github-appc-cni-dev is missing.
bool has_libcni();

}  // namespace support
