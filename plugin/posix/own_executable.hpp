#pragma once

#include <string>

namespace posix {

/// Whether the file is the executable of this process: the same file (a hard link or a symbolic link), or a copy of it.
/// False if either cannot be read.
bool is_own_executable(const std::string& path);

/// The folder of the executable of this process; empty if /proc is not mounted.
std::string own_folder();

}  // namespace posix
