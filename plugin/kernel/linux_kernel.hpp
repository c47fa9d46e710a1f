#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <optional>

namespace kernel {

/// The kernel that this process runs on; its network namespace is the host's.
class LinuxKernel final : public Kernel {
 public:
  LinuxKernel();

  Namespace open_namespace(const std::string& path, bool allow_own) override;
  std::uint32_t default_route_mtu() override;
  HostLink build(const wiring::Wiring& wiring, const Namespace& container) override;
  std::optional<HostLink> find_host_link(const cni::Attachment& attachment) override;
  bool exists(const HostLink& link) override;
  bool remove(const cni::Attachment& attachment) override;
  void remove_host_gateways(const std::vector<cni::IpAddress>& gateways) override;
  wiring::Observed observe(const wiring::Wiring& wanted, const Namespace& container) override;
  std::vector<HostLink> host_links(std::string_view network) override;
  std::vector<HostLink> host_links() override;
  std::optional<wiring::ObservedEnd> find_interface(const std::string& name, const Namespace& place) override;
  std::optional<Counters> find_counters(const std::string& interface, const Namespace& place) override;
  void remove_links(const std::vector<HostLink>& links) override;
  bool may_change_network() override;

 private:
  posix::FileDescriptor home_;
  NetlinkSocket host_;
};

}  // namespace kernel
