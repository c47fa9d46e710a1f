#pragma once

#include "plugin/kernel/kernel.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace test {

/// A pair as the fake keeps it.
struct FakePair {
  kernel::HostLink link;
  wiring::Wiring wiring;
};

/// A kernel that keeps what it is told as values. Tests read and change them as they like.
class FakeKernel final : public kernel::Kernel {
 public:
  std::vector<FakePair> pairs;
  std::vector<kernel::HostLink> ifb_devices;
  std::vector<cni::IpAddress> host_gateways;
  std::vector<wiring::Wiring> rules;  ///< wirings that stand in nftables
  bool has_tables = true;             ///< false: build() tells that others have lost theirs
  bool filters_bridges = false;
  std::set<cni::IpAddress> elsewhere;                     ///< addresses to which the host has a route already
  std::map<std::string, wiring::ObservedEnd> interfaces;  ///< other ones of the host, by name
  std::map<std::string, kernel::Counters> counters;       ///< by "path of the namespace interface"
  std::map<std::string, int> refusals;                    ///< name of a function -> errno that it throws instead
  std::vector<std::string> asked;  ///< the changes that were asked for, by the name of the function
  std::function<void()> before_build = [] {};
  std::function<void()> before_host_links = [] {};
  std::function<void()> before_remove_stale_rules = [] {};
  std::function<void(wiring::Observed&)> disturb = [](wiring::Observed&) {};  ///< what observe() tells otherwise
  std::uint32_t mtu_of_default_route = 1500;
  cni::MacAddress bridge_mac{};
  bool is_allowed = true;
  std::map<std::string, kernel::Whereabouts> whereabouts;           ///< of the host's links, by name
  std::map<std::string, std::vector<cni::Prefix>> addresses_there;  ///< by the path of the namespace
  std::set<std::string> unfit;                                      ///< sources of packets that the host does not take
  kernel::Firewall firewall{};

  /// As build() would, without a container.
  kernel::HostLink put(const wiring::Wiring& wiring);

  kernel::Namespace open_namespace(const std::string& path, bool allow_own) override;
  std::uint32_t default_route_mtu() override;
  kernel::Built build(const wiring::Wiring& wiring, const kernel::Site& site) override;
  void repair(const wiring::Wiring& wiring, const kernel::Site& site) override;
  std::optional<kernel::HostLink> find_host_link(const cni::Attachment& attachment) override;
  std::optional<kernel::HostLink> find_veth(const std::string& name) override;
  bool exists(const kernel::HostLink& link) override;
  bool remove(const cni::Attachment& attachment) override;
  bool stands(const cni::Attachment& attachment, const std::vector<kernel::Place>& places) override;
  bool remove_cable(const cni::Attachment& attachment, const std::vector<kernel::Place>& places) override;
  void remove_host_gateways(const std::vector<cni::IpAddress>& gateways) override;
  bool filters_bridged_packets() override { return filters_bridges; }
  void restore_rules(const wiring::Wiring& wiring) override;
  void finish_restoring_rules(const wiring::Wiring& wiring) override;
  void require_rules() override { refuse_if_told("require_rules"); }
  void remove_rules(const wiring::Wiring& wiring) override;
  void remove_rules(cni::Tag attachment) override;
  wiring::ObservedRules find_rules(cni::Tag attachment) override;
  void remove_stale_rules(const std::string& network, const std::function<bool(cni::Tag)>& is_stale) override;
  bool clean_rules(const std::optional<std::string>& network) override;
  wiring::Observed observe(const wiring::Wiring& wanted, const kernel::Site& site) override;
  std::vector<kernel::HostLink> host_links(std::string_view network) override;
  std::vector<kernel::HostLink> host_links() override;
  std::vector<kernel::HostLink> ifbs(std::string_view network) override;
  std::optional<wiring::ObservedEnd> find_interface(const std::string& name, const kernel::Namespace& place) override;
  std::optional<kernel::Counters> find_counters(const std::string& interface, const kernel::Namespace& place) override;
  std::vector<kernel::Whereabouts> locate(const std::vector<kernel::HostLink>& links,
                                          const std::vector<std::string>& namespaces) override;
  std::vector<cni::Prefix> addresses(const kernel::Namespace& place) override;
  bool takes(const kernel::Arrival& packet) override;
  kernel::Firewall observe_firewall() override;
  void remove_links(const std::vector<kernel::HostLink>& links) override;
  bool may_change_network() override;

 private:
  void refuse_if_told(const std::string& function) const;
  void observe_limits(const wiring::Wiring& made, wiring::Observed& observed) const;
  std::uint32_t next_index_ = 10;
};

}  // namespace test
