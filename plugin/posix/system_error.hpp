#pragma once

#include <string>
#include <system_error>

namespace posix {

/// The failure of a system call. `act` is the attempted action with its object ("open \"/run/x\""), `error` the errno.
std::system_error system_error(int error, const std::string& act);

/// Throws system_error(errno, act).
[[noreturn]] void throw_errno(const std::string& act);

}  // namespace posix
