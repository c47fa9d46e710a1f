#pragma once

#include <string>
#include <string_view>

namespace posix {

enum class Durability {
  process_end,   ///< a killed process leaves the old file or the new one
  power_failure  ///< a power failure too; the disk is waited for
};

/// Replaces the file, or creates it, atomically: a concurrent reader gets the old content or the new content. The mode
/// is 0644. Throws std::system_error; the old file is unchanged then.
void replace_file(const std::string& path, std::string_view text, Durability durability = Durability::process_end);

}  // namespace posix
