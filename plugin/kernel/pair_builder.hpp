#pragma once

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/kernel/reachability.hpp"
#include "plugin/wiring/wiring.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace kernel {

/// Builds one wiring in few sendmsg calls: the pair; the configuration of the container end; the configuration of the
/// host end, which is then brought up; and for each end a query whether packets pass. After a failure, removing the
/// pair removes everything that was created.
class PairBuilder {
 public:
  /// All must outlive it. `host_netns` is the host's namespace, `host` a socket in the namespace of the host end: the
  /// host's namespace or context.peer.
  PairBuilder(const wiring::Wiring& wiring, const AttachmentContext& context, int host_netns, NetlinkSocket& host);

  /// Creates and configures the pair. Sets the identity of the pair in `footprint` before the pair can exist. A
  /// conflict leaves the pair to be removed by the caller.
  BuildOutcome build(wiring::Footprint& footprint);

  /// Adds the parts in the wiring (wiring::missing_parts() of the wanted one) to both ends, which exist. `host` is the
  /// host end with its current name.
  std::optional<Conflict> repair(const Device& host);

 private:
  /// Functions of pairs.hpp.
  enum class Creation { veth, veth_by_host_end, netkit };

  void create(wiring::Footprint& footprint);
  std::vector<NetlinkRequest> creation_requests() const;
  bool lacks_netkit(const Answers& answers) const;
  Creation creation_of_veth() const;
  void require_free_names(wiring::Footprint& footprint);
  void restore_name(const Device& host);
  void restore_identity(const Device& host);
  void find_existing_links();
  void restore_container_mtu();
  void add_host_end_requests(std::vector<NetlinkRequest>& requests) const;
  void add_alias_requests(std::vector<NetlinkRequest>& requests) const;
  void add_port_requests(std::vector<NetlinkRequest>& requests) const;
  void add_bridge_queries(std::vector<NetlinkRequest>& requests) const;
  void read_bridge(const std::vector<std::string>& messages);
  void add_forwarding_requests(std::vector<NetlinkRequest>& requests) const;
  bool is_routed() const;
  bool is_port() const;
  bool has_vlans() const;
  void remove_other_vlans();
  void read_link_indexes(const std::vector<std::string>& messages);
  void enable_missing_forwarding(const std::vector<std::string>& answers);
  [[noreturn]] void throw_create_error(const Refusal& refusal, const std::vector<NetlinkRequest>& requests);
  std::optional<Conflict> configure_ends();
  void announce_mac_to_ipv6() const;
  void add_addresses(const Device& device, const wiring::End& end, bool enable_dad,
                     std::vector<NetlinkRequest>& requests) const;
  void configure_container_end();
  std::optional<Conflict> configure_host_end();
  void raise_bridge(std::vector<NetlinkRequest>& requests) const;
  Conflict gateway_conflict();
  void add_loopback_requests(std::vector<NetlinkRequest>& requests);
  void guard_other_ports();
  void add_filters(std::vector<NetlinkRequest>& requests) const;
  void add_source_filters(std::vector<NetlinkRequest>& requests) const;
  void wait_for_dad();
  bool is_dad_finished();
  void wait_for_container_end();
  void wait_for_host_end();
  bool is_port_open();
  void announce_container_mac();
  void connect_to_ovs();
  void open_container_socket();
  void run_in_container(const std::function<void()>& action) const;
  void run_at_host_end(const std::function<void()>& action) const;

  const wiring::Wiring& wiring_;
  const AttachmentContext& context_;
  int host_netns_;
  NetlinkSocket& host_;
  std::optional<NetlinkSocket> container_;
  Creation creation_;  ///< which create() tries, or has used
  Link bridge_;        ///< mode bridge
  std::optional<cni::MacAddress> vlan_interface_mac_{};
  Device host_device_;
  Device container_device_;
  Device ifb_;                        ///< of a wiring with an egress limit
  bool has_gateways_ = false;         ///< the host's lo has all gateways of the wiring
  bool lacks_filters_ = false;        ///< the kernel does not support filters of received packets
  bool needs_guarded_ports_ = false;  ///< mode bridge: a mapped port of another container has set route_localnet
  std::optional<HeldGateway> held_gateway_;
};

}  // namespace kernel
