#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/kernel/repairer.hpp"
#include "test/support/fake_kernel.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace test {

/// An inspector of a fake kernel, with further values that tests set.
class FakeInspector final : public kernel::Inspector {
 public:
  explicit FakeInspector(FakeKernel& fake) : Inspector(fake), fake_(fake) {}

  std::map<std::string, wiring::ObservedEnd> interfaces;              ///< further interfaces of the host, by name
  std::map<std::string, kernel::Counters> counters;                   ///< by "<path of the namespace> <interface>"
  std::map<std::string, kernel::PeerLocation> locations;              ///< of the host's links, by name
  std::map<std::string, std::vector<cni::Prefix>> addresses_by_path;  ///< by the path of the namespace
  std::set<std::string> rejected_sources;                             ///< sources of packets that rp_filter drops
  std::map<cni::IpAddress, bool> unreachable;        ///< addresses that live elsewhere; true: the host has it
  std::map<std::string, kernel::Routing> routing{};  ///< by the path of the namespace
  std::vector<std::string> ignoring_router_advertisements{};
  kernel::Firewall firewall{};

  std::vector<kernel::HostLink> host_links() override;
  std::optional<kernel::HostLink> find_host_link(const wiring::Footprint& footprint) override;
  std::optional<wiring::ObservedEnd> find_interface(const std::string& name, const kernel::Namespace& netns) override;
  std::optional<kernel::Counters> find_counters(const std::string& interface, const kernel::Namespace& netns) override;
  std::vector<kernel::PeerLocation> locate_peers(const std::vector<kernel::HostLink>& links,
                                                 const std::vector<std::string>& namespaces) override;
  std::vector<cni::Prefix> addresses(const kernel::Namespace& place) override;
  std::vector<kernel::Conflict> find_unreachable(const wiring::Wiring& wanted, std::uint32_t device_index,
                                                 const kernel::Routing& host) override;
  kernel::Routing read_routing(const kernel::Namespace& netns) override { return routing[netns.path]; }
  bool passes_rp_filter(const kernel::IncomingPacket& packet) override;
  std::vector<std::string> list_ignoring_router_advertisements() override { return ignoring_router_advertisements; }
  kernel::Firewall observe_firewall() override;
  wiring::ObservedRules find_rules(cni::Tag attachment) override;

 private:
  FakeKernel& fake_;
};

/// A repairer that restores everything: observe() returns no modifications afterwards.
class FakeRepairer final : public kernel::Repairer {
 public:
  explicit FakeRepairer(FakeKernel& fake) : fake_(fake) {}

  std::optional<kernel::Conflict> conflict{};  ///< what repair() returns

  std::optional<kernel::Conflict> repair(const wiring::Wiring& wiring,
                                         const kernel::AttachmentContext& context) override;

  std::vector<kernel::Conflict> conflicts{};  ///< what find_conflicts() returns
  std::vector<kernel::Conflict> find_conflicts(const wiring::Wiring& /*wiring*/,
                                               std::uint32_t /*device_index*/) override {
    return conflicts;
  }

 private:
  FakeKernel& fake_;
};

}  // namespace test
