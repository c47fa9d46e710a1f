#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <chrono>
#include <optional>

namespace posix {

/// Takes the exclusive lock of flock(2) on an open file, which programs in other languages use too. It ends when the
/// descriptor is closed. False if another process holds it until the timeout. Throws std::system_error.
bool take_file_lock(const FileDescriptor& file, std::chrono::milliseconds timeout);

/// The same for a shared lock, which excludes only exclusive ones.
bool take_shared_file_lock(const FileDescriptor& file, std::chrono::milliseconds timeout);

}  // namespace posix
