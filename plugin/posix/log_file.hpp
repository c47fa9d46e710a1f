#pragma once

#include <string>
#include <string_view>

namespace posix {

/// Appends one line to a file, by one write, so that lines of several processes stay whole. The file is opened anew
/// each time, so that it may be renamed at any time, and made (0600) where it is missing; its folder, too (0700), but
/// no parents. Throws std::system_error, EPERM where the folder or the file belongs to somebody else or the folder can
/// be written by others, and EINVAL where it is not a regular file: a link is not followed, and no pipe is waited for.
void append_line(const std::string& path, std::string_view line);

}  // namespace posix
