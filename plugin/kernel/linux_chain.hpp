#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/netfilter.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/kernel/reference_rules.hpp"
#include "plugin/posix/file_descriptor.hpp"
#include "plugin/wiring/wiring.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kernel {

/// An interface of a container that another plugin has created.
struct ChainedInterface {
  Link link;                   ///< in the container's namespace
  std::optional<Link> host{};  ///< the other end, if it is a veth whose other end is on the host
};

/// Objects that differ from the wanted ones, for CHECK.
using Faults = std::vector<std::string>;

/// What the members of a chain do to the interface of another plugin, besides the operations of Kernel. The wirings
/// contain only the parts of the member; their `host` is the end on the host if there is one. Functions throw
/// std::system_error.
class LinuxChain {
 public:
  LinuxChain();

  /// nullopt if the namespace has no such interface.
  std::optional<ChainedInterface> find_interface(const Namespace& container, const std::string& name);

  /// The host's interface with this name.
  std::optional<Link> find_host_link(const std::string& name);

  /// The device through which the host sends packets to the address; nullopt if it has no route.
  std::optional<Link> find_route_device(const cni::IpAddress& address);

  /// Maps the ports, and opens 127.0.0.1 and ::1 on the host end or bridge. Returns Built or a conflict of a host port.
  BuildOutcome map_ports(const wiring::Wiring& wiring, const AttachmentContext& context);

  /// Reverts what map_ports() has changed at a host end. A bridge is shared by its containers, and is not changed.
  void close_loopback(const wiring::Wiring& wiring);

  /// Whether the attachment has elements in the table.
  bool has_elements(cni::Tag attachment);
  Faults missing_rules(const wiring::Wiring& wiring);

  /// Limits the rates, and returns the ifb of an egress limit. What exists already makes it fail.
  std::optional<Link> limit_rates(const wiring::Wiring& wiring);
  Faults missing_limits(const wiring::Wiring& wiring);

  /// Removes the limits of the host end, if it is given, and the ifbs with these names, if they belong to the
  /// attachment or have no alias, as those of the reference plugin.
  void remove_rates(const wiring::Wiring& wiring, const std::vector<std::string>& ifbs);

  bool has_rules(const ReferenceRules& rules);
  void remove_rules(const ReferenceRules& rules);

  /// Runs the action in the container's namespace.
  void run_inside(const Namespace& container, const std::function<void(NetlinkSocket&)>& action);

 private:
  Netfilter& netfilter();
  NftSession& session();
  void guard_ports(const wiring::Wiring& wiring, std::vector<NetlinkRequest>& requests);
  void open_loopback(const wiring::Wiring& wiring);

  posix::FileDescriptor host_netns_;
  NetlinkSocket host_;
  std::optional<Netfilter> netfilter_{};
  std::optional<NftSession> session_{};
};

}  // namespace kernel
