#pragma once

#include "plugin/cni/address.hpp"

#include <cstdint>
#include <optional>

namespace wiring {

/// Settings of an interface that the plugin tuning changes; nullopt: unchanged.
struct InterfaceSettings {
  std::optional<cni::MacAddress> mac{};
  std::optional<bool> promiscuous{};
  std::optional<std::uint32_t> mtu{};  ///< bytes
  std::optional<bool> all_multicast{};
  std::optional<std::uint32_t> tx_queue_length{};  ///< packets

  bool operator==(const InterfaceSettings&) const = default;
};

}  // namespace wiring
