#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kernel {

/// The kernel that this process runs on. The network namespace of this process is the host's.
class LinuxInspector final : public Inspector {
 public:
  /// `verbs_kernel` must outlive it.
  explicit LinuxInspector(Kernel& verbs_kernel);

  std::vector<HostLink> host_links() override;
  std::optional<HostLink> find_host_link(const wiring::Footprint& footprint) override;
  std::optional<wiring::ObservedEnd> find_interface(const std::string& name, const Namespace& netns) override;
  std::optional<Counters> find_counters(const std::string& interface, const Namespace& netns) override;
  std::vector<PeerLocation> locate_peers(const std::vector<HostLink>& links,
                                         const std::vector<std::string>& namespaces) override;
  std::vector<cni::Prefix> addresses(const Namespace& netns) override;
  Routing read_routing(const Namespace& netns) override;
  std::vector<Conflict> find_unreachable(const wiring::Wiring& wanted, std::uint32_t device_index,
                                         const Routing& host) override;
  bool passes_rp_filter(const IncomingPacket& packet) override;
  std::vector<std::string> list_ignoring_router_advertisements() override;
  Firewall observe_firewall() override;
  wiring::ObservedRules find_rules(cni::Tag attachment) override;

 private:
  posix::FileDescriptor host_netns_;
  NetlinkSocket host_;
};

}  // namespace kernel
