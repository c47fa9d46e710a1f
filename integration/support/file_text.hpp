#pragma once

#include <string>

namespace support {

/// The content of a file; empty if it cannot be read.
std::string read_text(const std::string& path);

/// Replaces the content of a file. Throws std::runtime_error if it cannot be written.
void write_text(const std::string& path, const std::string& text);

}  // namespace support
