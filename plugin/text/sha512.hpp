#pragma once

#include <string>
#include <string_view>

namespace text {

/// SHA-512 (FIPS 180-4) as 128 hexadecimal digits. The reference plugins derive names of chains and interfaces from it.
std::string sha512_hex(std::string_view bytes);

}  // namespace text
