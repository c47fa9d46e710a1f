#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace wiring {

struct Wiring;

/// The largest packets that an interface sends and assembles before they are divided into segments of TCP, in bytes:
/// settings of ip-link(8). 0: not set, or the kernel does not have the setting.
struct BigTcp {
  std::uint32_t gso_max_size = 0;  ///< of IPv6
  std::uint32_t gro_max_size = 0;
  std::uint32_t gso_ipv4_max_size = 0;
  std::uint32_t gro_ipv4_max_size = 0;

  bool operator==(const BigTcp&) const = default;
};

struct BigTcpSetting {
  std::uint32_t BigTcp::*size;
  const char* name;  ///< in ip-link(8)
};

constexpr std::array<BigTcpSetting, 4> big_tcp_settings{{{&BigTcp::gso_max_size, "gso_max_size"},
                                                         {&BigTcp::gro_max_size, "gro_max_size"},
                                                         {&BigTcp::gso_ipv4_max_size, "gso_ipv4_max_size"},
                                                         {&BigTcp::gro_ipv4_max_size, "gro_ipv4_max_size"}}};

/// The settings of both ends, so that they pass on packets as large as those of the uplink; nullopt: the uplink has the
/// defaults. Without IPv6 if the host routes the IPv6 packets of the container.
std::optional<BigTcp> big_tcp_of(const Wiring& wiring, const BigTcp& uplink);

/// The wanted settings that are larger than the actual ones; the others are 0.
BigTcp to_raise(const BigTcp& wanted, const BigTcp& actual);

/// The smaller value of each setting.
BigTcp smaller_of(const BigTcp& left, const BigTcp& right);

/// The settings that are not 0, in the words of ip(8): "gso_ipv4_max_size 196608 gro_ipv4_max_size 196608".
std::string to_string(const BigTcp& sizes);

}  // namespace wiring
