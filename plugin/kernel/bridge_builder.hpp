#pragma once

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/footprint.hpp"
#include "plugin/wiring/wiring.hpp"

#include <string>
#include <vector>

namespace kernel {

/// Creates the bridge of a wiring if it is missing, and configures it. Several ADDs may do so at once: each step
/// accepts what another ADD has already done.
class BridgeBuilder {
 public:
  /// All must outlive it. The wiring has a bridge. A change of the bridge's addresses is added to `change` before it is
  /// made.
  BridgeBuilder(const wiring::Wiring& wiring, const AttachmentContext& context, NetlinkSocket& host,
                wiring::BridgeChange& change);

  /// Returns the bridge, which is up and keeps its MAC. Throws cni::Error invalid_config if another kind of interface
  /// has its name, or if it has an address other than the gateways and forceAddress is not set.
  Link build();

  /// As build(), and enables forwarding on the host if the wiring needs it and it is off.
  Link repair();

  /// After build(): the MAC of the bridge's interface in the port's VLAN, if that has the gateways.
  const std::optional<cni::MacAddress>& vlan_interface_mac() const { return vlan_interface_mac_; }

 private:
  Link find_or_create();
  [[noreturn]] void throw_no_vlan_filtering() const;
  Link create();
  [[noreturn]] void throw_create_error(const Refusal& refusal, const std::vector<NetlinkRequest>& requests) const;
  Link gateway_link(const Link& bridge);
  void remove_other_gateway_vlans(const Link& bridge);
  void create_vlan_interface(const std::string& name, const std::string& port, const Link& bridge);
  void configure_gateways(const Link& link);
  void enable_missing_forwarding();
  std::vector<NetlinkRequest> gateway_requests(const Device& device, const std::vector<InterfaceAddress>& present);
  std::vector<NetlinkRequest> conflicting_address_deletions(const Device& device,
                                                            const std::vector<InterfaceAddress>& present);
  [[noreturn]] static void throw_address_conflict(const Device& device, const cni::Prefix& gateway,
                                                  const cni::Prefix& other);
  void bring_bridge_up(const Link& bridge);
  void bring_up_without_ra(const Device& device);
  void disable_accept_ra_if_unneeded(const Link& bridge);
  void fix_bridge_mac(const Link& bridge);
  void raise_big_tcp(const Link& link);
  void wait_for_gateways(const Link& link);

  const wiring::Wiring& wiring_;
  const wiring::Bridge& wanted_;
  const AttachmentContext& context_;
  NetlinkSocket& host_;
  wiring::BridgeChange& change_;
  bool is_new_ = false;  ///< build() created the bridge
  std::optional<cni::MacAddress> vlan_interface_mac_{};
};

}  // namespace kernel
