#include "plugin/kernel/big_tcp.hpp"

#include "plugin/kernel/message.hpp"
#include "plugin/text/quoted.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace kernel {
namespace {

/// In the order of wiring::big_tcp_settings: IFLA_GSO_MAX_SIZE, IFLA_GRO_MAX_SIZE (both from Linux 5.19 on for more
/// than 65536), IFLA_GSO_IPV4_MAX_SIZE and IFLA_GRO_IPV4_MAX_SIZE (6.3).
constexpr std::array<int, wiring::big_tcp_settings.size()> attribute_numbers{41, 58, 63, last_link_attribute};

}  // namespace

void put_big_tcp(nl_msg* message, const wiring::BigTcp& sizes) {
  for (std::size_t i = 0; i < attribute_numbers.size(); ++i) {
    const auto size = sizes.*wiring::big_tcp_settings[i].size;
    if (size != 0) put_number(message, attribute_numbers[i], size);
  }
}

wiring::BigTcp read_big_tcp(std::span<nlattr* const> attributes) {
  wiring::BigTcp sizes;
  for (std::size_t i = 0; i < attribute_numbers.size(); ++i) {
    const auto* attribute = attributes[static_cast<std::size_t>(attribute_numbers[i])];
    sizes.*wiring::big_tcp_settings[i].size = number_in<std::uint32_t>(attribute);
  }
  return sizes;
}

NetlinkRequest set_big_tcp(const std::string& name, const wiring::BigTcp& sizes) {
  auto message = new_message(RTM_SETLINK, ifinfomsg{});
  put_text(message.get(), IFLA_IFNAME, name);
  put_big_tcp(message.get(), sizes);
  return {std::move(message), "set " + wiring::to_string(sizes) + " of " + text::quoted(name), {EINVAL}};
}

}  // namespace kernel
