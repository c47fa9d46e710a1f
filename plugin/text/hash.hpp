#pragma once

#include <cstdint>
#include <string_view>

namespace text {

/// FNV-1a with 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/). The result is the same on every machine and in
/// every version. It detects changes, but does not resist forgery.
class Fnv1a {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes) value_ = (value_ ^ static_cast<std::uint8_t>(byte)) * 0x100000001b3U;
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

/// FNV-1a of one text.
std::uint64_t fnv1a(std::string_view bytes);

/// The finaliser of MurmurHash3: each input bit changes the upper bits too, on which the last bytes given to FNV-1a
/// have little effect.
std::uint64_t fmix64(std::uint64_t hash);

}  // namespace text
