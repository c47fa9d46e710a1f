#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/netfilter.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <optional>

namespace kernel {

/// The kernel that this process runs on; its network namespace is the host's.
class LinuxKernel final : public Kernel {
 public:
  LinuxKernel();

  Namespace open_namespace(const std::string& path, bool allow_own) override;
  std::uint32_t default_route_mtu() override;
  Built build(const wiring::Wiring& wiring, const Site& site) override;
  void repair(const wiring::Wiring& wiring, const Site& site) override;
  std::optional<HostLink> find_host_link(const cni::Attachment& attachment) override;
  std::optional<HostLink> find_veth(const std::string& name) override;
  bool exists(const HostLink& link) override;
  bool remove(const cni::Attachment& attachment) override;
  bool stands(const cni::Attachment& attachment, const std::vector<Place>& places) override;
  bool remove_cable(const cni::Attachment& attachment, const std::vector<Place>& places) override;
  void remove_host_gateways(const std::vector<cni::IpAddress>& gateways) override;
  bool filters_bridged_packets() override;
  void restore_rules(const wiring::Wiring& wiring) override;
  void finish_restoring_rules(const wiring::Wiring& wiring) override;
  void require_rules() override;
  void remove_rules(const wiring::Wiring& wiring) override;
  void remove_rules(cni::Tag attachment) override;
  wiring::ObservedRules find_rules(cni::Tag attachment) override;
  void remove_stale_rules(const std::string& network, const std::function<bool(cni::Tag)>& is_stale) override;
  bool clean_rules(const std::optional<std::string>& network) override;
  wiring::Observed observe(const wiring::Wiring& wanted, const Site& site) override;
  std::vector<HostLink> host_links(std::string_view network) override;
  std::vector<HostLink> host_links() override;
  std::vector<HostLink> ifbs(std::string_view network) override;
  std::optional<wiring::ObservedEnd> find_interface(const std::string& name, const Namespace& place) override;
  std::optional<Counters> find_counters(const std::string& interface, const Namespace& place) override;
  std::vector<Whereabouts> locate(const std::vector<HostLink>& links,
                                  const std::vector<std::string>& namespaces) override;
  std::vector<cni::Prefix> addresses(const Namespace& place) override;
  bool takes(const Arrival& packet) override;
  Firewall observe_firewall() override;
  void remove_links(const std::vector<HostLink>& links) override;
  bool may_change_network() override;

 private:
  NetlinkSocket open_socket_of_peer(const Site& site) const;
  std::optional<NetlinkSocket> find_socket(const Place& place) const;
  std::vector<HostLink> find_own_links(const cni::Attachment& attachment);
  Netfilter& netfilter();
  Netfilter* find_netfilter();

  posix::FileDescriptor home_;
  NetlinkSocket host_;
  std::optional<Netfilter> netfilter_;  ///< opened when it is first needed
};

}  // namespace kernel
