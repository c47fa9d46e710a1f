#pragma once

#include "integration/support/command.hpp"

namespace support {

/// Mounts an empty /etc for its lifetime, since the tests that run at the same time read the same one.
class EmptyEtc {
 public:
  EmptyEtc() { run({.argv = {"mount", "-t", "tmpfs", "etc", "/etc"}}); }
  EmptyEtc(const EmptyEtc&) = delete;
  EmptyEtc& operator=(const EmptyEtc&) = delete;
  ~EmptyEtc() { run({.argv = {"umount", "/etc"}}); }
};

}  // namespace support
