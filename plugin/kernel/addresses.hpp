#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace kernel {

/// One end of a pair by name and index: what addresses, routes and neighbours stand on.
struct Device {
  std::string name;
  std::uint32_t index = 0;
};

/// An address of an interface as the kernel tells it.
struct InterfaceAddress {
  cni::Prefix prefix;
  bool is_tentative = false;  ///< duplicate address detection has not ended
  bool is_duplicate = false;  ///< and has found another owner

  bool operator==(const InterfaceAddress&) const = default;
};

/// Adds an address; an IPv6 one goes through duplicate address detection only with `enable_dad`.
NetlinkRequest add_address(const Device& device, const wiring::Address& address, bool enable_dad);
NetlinkRequest delete_address(const Device& device, const cni::Prefix& prefix);

/// All addresses of one interface, of both families.
NetlinkRequest list_addresses(const Device& device);
std::optional<InterfaceAddress> find_interface_address(const std::string& message);

}  // namespace kernel
