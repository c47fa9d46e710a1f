#pragma once

#include "plugin/posix/file_descriptor.hpp"

namespace kernel {

/// Sets an option of a socket that sends probes. Throws std::system_error.
void set_option(const posix::FileDescriptor& socket, int level, int option, int value);

}  // namespace kernel
