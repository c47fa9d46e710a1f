#pragma once

#include <string>
#include <string_view>

namespace posix {

/// Appends one line to a file with one write, so that the lines of concurrent processes do not mix. The file is opened
/// for each line, so that it can be rotated at any time. A missing file is created with mode 0600 and its folder with
/// mode 0700, but no further parents. Throws std::system_error: EPERM if the folder or the file belongs to another user
/// or the folder is writable by others, EINVAL if the file is not a regular file. Symbolic links are not followed, and
/// opening a FIFO does not block.
void append_line(const std::string& path, std::string_view line);

}  // namespace posix
