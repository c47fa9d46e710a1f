#pragma once

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/wiring.hpp"

#include <string>
#include <vector>

namespace kernel {

/// Makes the bridge of a wiring where it is missing, and gives it what the wiring wants of it. All of it may be done by
/// several ADDs at once: each step finds done what another was first to do.
class BridgeBuilder {
 public:
  /// Both have to outlive it; the wiring has a bridge.
  BridgeBuilder(const wiring::Wiring& wiring, NetlinkSocket& host);

  /// The bridge, up. Throws cni::Error invalid_config where something else has its name, or where it has another
  /// address than the gateways and is not to lose it.
  Link build();

  /// As build(), and the host forwards where the wiring wants it, whoever has switched that off.
  Link repair();

 private:
  Link find_or_create();
  [[noreturn]] void refuse_unfiltered() const;
  Link create();
  [[noreturn]] void explain(const Refusal& refusal, const std::vector<NetlinkRequest>& requests) const;
  Link gateway_link(const Link& bridge);
  void join_vlan_interface(const std::string& name, const std::string& port, const Link& bridge);
  void carry_gateways(const Link& link);
  void forward();
  std::vector<NetlinkRequest> missing_gateways(const Device& device);
  std::vector<NetlinkRequest> make_way(const Device& device, const std::vector<cni::Prefix>& present) const;
  [[noreturn]] static void refuse(const Device& device, const cni::Prefix& gateway, const cni::Prefix& other);
  void start_bridge(const Link& bridge);
  void start(const Device& device);
  void distrust_containers(const Link& bridge);
  void await_gateways(const Link& link);

  const wiring::Wiring& wiring_;
  const wiring::Bridge& wanted_;
  NetlinkSocket& host_;
  bool is_new_ = false;  ///< build() has created the bridge
};

}  // namespace kernel
