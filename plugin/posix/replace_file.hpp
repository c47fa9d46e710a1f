#pragma once

#include <string>
#include <string_view>

namespace posix {

/// Replaces the file, or creates it, atomically: a concurrent reader gets the old content or the new content. The mode
/// is 0644. Throws std::system_error; the old file is unchanged then.
void replace_file(const std::string& path, std::string_view text);

}  // namespace posix
