#pragma once

#include <string>
#include <string_view>

namespace posix {

/// Puts a file with this content in the place of whatever has the name, in one step: who reads it meanwhile gets the
/// old content or the new one. All may read it. Throws std::system_error; then nothing has changed.
void replace_file(const std::string& path, std::string_view text);

}  // namespace posix
