#include "plugin/ovs/port.hpp"

#include "plugin/text/hash.hpp"

#include <cstdint>
#include <string_view>

namespace ovs {
namespace {

/// 16 hexadecimal digits.
std::string digits_of(std::uint64_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (auto place = text.rbegin(); place != text.rend(); ++place, number >>= 4U) *place = digits[number & 0xfU];
  return text;
}

}  // namespace

/// The tag, and a hash of it with the version (8: a custom format) and the variant of RFC 9562 in their places.
std::string port_uuid(cni::Tag tag) {
  constexpr std::uint64_t variant_mask = std::uint64_t{3} << 62U;
  constexpr std::uint64_t variant = std::uint64_t{1} << 63U;
  constexpr std::uint64_t version_mask = 0xf000;
  constexpr std::uint64_t version = 0x8000;
  const auto high = (tag.value & ~version_mask) | version;
  const auto low = (text::fmix64(tag.value ^ text::fnv1a("veth-cni/ovs")) & ~variant_mask) | variant;
  const auto first = digits_of(high);
  const auto second = digits_of(low);
  return first.substr(0, 8) + '-' + first.substr(8, 4) + '-' + first.substr(12) + '-' + second.substr(0, 4) + '-' +
         second.substr(4);
}

}  // namespace ovs
