#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace kernel {

/// An interface by name and index. Addresses, routes and neighbours belong to one.
struct Device {
  std::string name;
  std::uint32_t index = 0;
};

/// An address of an interface as the kernel reports it.
struct InterfaceAddress {
  cni::Prefix prefix;
  bool is_tentative = false;  ///< duplicate address detection has not finished
  bool is_duplicate = false;  ///< duplicate address detection has found another owner

  bool operator==(const InterfaceAddress&) const = default;
};

/// Adds an address. An IPv6 address goes through duplicate address detection only with `enable_dad`.
NetlinkRequest add_address(const Device& device, const wiring::Address& address, bool enable_dad);
NetlinkRequest delete_address(const Device& device, const cni::Prefix& prefix);

/// Lists the addresses of one interface, of both families.
NetlinkRequest list_addresses(const Device& device);
std::optional<InterfaceAddress> find_interface_address(const std::string& message);

}  // namespace kernel
