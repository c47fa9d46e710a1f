#include "plugin/wiring/big_tcp.hpp"

#include "plugin/wiring/wiring.hpp"

#include <algorithm>

namespace wiring {
namespace {

constexpr std::uint32_t default_max_size = 65536;

std::uint32_t if_raised(std::uint32_t size) { return size > default_max_size ? size : 0; }

/// A router drops large IPv6 packets: the header that marks them counts as part of the MTU (plugin/kernel/README.md,
/// "Large packets").
bool may_raise_ipv6(const Wiring& wiring) { return wiring.bridge && !wiring.forward_ipv6; }

}  // namespace

std::optional<BigTcp> big_tcp_of(const Wiring& wiring, const BigTcp& uplink) {
  BigTcp sizes;
  for (const auto& [size, name] : big_tcp_settings) sizes.*size = if_raised(uplink.*size);
  if (!may_raise_ipv6(wiring)) sizes.gso_max_size = sizes.gro_max_size = 0;
  return sizes == BigTcp{} ? std::nullopt : std::optional{sizes};
}

BigTcp to_raise(const BigTcp& wanted, const BigTcp& actual) {
  BigTcp sizes;
  for (const auto& [size, name] : big_tcp_settings) sizes.*size = wanted.*size > actual.*size ? wanted.*size : 0;
  return sizes;
}

BigTcp smaller_of(const BigTcp& left, const BigTcp& right) {
  BigTcp sizes;
  for (const auto& [size, name] : big_tcp_settings) sizes.*size = std::min(left.*size, right.*size);
  return sizes;
}

std::string to_string(const BigTcp& sizes) {
  std::string text;
  for (const auto& [size, name] : big_tcp_settings) {
    if (sizes.*size == 0) continue;
    text += (text.empty() ? "" : " ") + std::string{name} + ' ' + std::to_string(sizes.*size);
  }
  return text;
}

}  // namespace wiring
