#pragma once

#include "plugin/cni/error.hpp"

namespace kernel {

/// The process is in a network namespace that is not its own, and the kernel refuses the way back. Whatever it did to
/// the network now would happen in the wrong namespace, so main prints `error` and ends the process. Not a
/// std::exception: neither a rollback nor a best effort catches it and goes on.
struct CannotReturn {
  cni::Error error;
};

}  // namespace kernel
