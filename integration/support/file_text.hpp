#pragma once

#include <string>

namespace support {

/// All of a file; empty where it cannot be read.
std::string read_text(const std::string& path);

/// In place of what was in the file. Throws std::runtime_error where it cannot be written.
void write_text(const std::string& path, const std::string& text);

}  // namespace support
