#pragma once

#include <string>
#include <system_error>

namespace posix {

/// The failure of a system call: `act` says what was done to what ("open \"/run/x\""), `error` is the errno it gave.
std::system_error system_error(int error, const std::string& act);

/// Throws system_error(errno, act).
[[noreturn]] void throw_errno(const std::string& act);

}  // namespace posix
