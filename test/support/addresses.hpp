#pragma once

#include "plugin/cni/address.hpp"

#include <string_view>

namespace test {

inline cni::IpAddress ip(std::string_view text) { return cni::find_address(text).value(); }
inline cni::Prefix prefix(std::string_view text) { return cni::find_prefix(text).value(); }

}  // namespace test
