#pragma once

#include "plugin/kernel/counters.hpp"
#include "plugin/kernel/kernel.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kernel {

/// The end of a veth pair in the host's namespace.
struct HostLink {
  std::uint32_t index = 0;
  std::string name;
  std::string alias;

  bool operator==(const HostLink&) const = default;
};

/// The namespace and the name of an interface.
struct EndLocation {
  std::string netns;      ///< path
  std::string interface;  ///< name

  bool operator==(const EndLocation&) const = default;
};

/// The location of the other end of a link on the host, and the bridge that the link is a port of.
struct PeerLocation {
  EndLocation other_end{};  ///< empty if it was not found, or is not proven to be the other end
  std::string bridge{};     ///< empty: none

  bool operator==(const PeerLocation&) const = default;
};

/// A packet for the host itself that arrives on one of its interfaces.
struct IncomingPacket {
  cni::IpAddress source;
  cni::IpAddress destination;
  std::uint32_t interface = 0;  ///< index

  bool operator==(const IncomingPacket&) const = default;
};

/// An nftables chain that drops the forwarded packets which none of its rules accepts.
struct DroppingChain {
  std::string family;  ///< the name in nft(8): "ip", "ip6" or "inet"
  std::string table;
  std::string name;
  bool accepts_some = false;  ///< a rule accepts packets by header fields, such as addresses

  bool operator==(const DroppingChain&) const = default;
};

/// Rules of other software that may prevent packets from being forwarded.
struct Firewall {
  std::vector<DroppingChain> chains{};
  bool has_legacy_rules = false;  ///< rules of iptables-legacy exist; this plugin cannot read them

  bool operator==(const Firewall&) const = default;
};

/// Kernel operations that only vethctl needs. Functions throw std::system_error as those of Kernel do.
class Inspector {
 public:
  /// `verbs_kernel` must outlive it.
  explicit Inspector(Kernel& verbs_kernel) : kernel(verbs_kernel) {}
  virtual ~Inspector() = default;

  /// All host ends with an alias of this plugin, in one listing.
  virtual std::vector<HostLink> host_links() = 0;

  /// The host end of one attachment, by the rules in kernel/identity.hpp; nullopt if it does not exist.
  virtual std::optional<HostLink> find_host_link(const wiring::Footprint& footprint) = 0;

  /// The interface of this name in the namespace, with its configuration; nullopt if it does not exist.
  virtual std::optional<wiring::ObservedEnd> find_interface(const std::string& name, const Namespace& netns) = 0;

  /// nullopt if the interface does not exist.
  virtual std::optional<Counters> find_counters(const std::string& interface, const Namespace& netns) = 0;

  /// For each link on the host, the location of its other end in the namespaces at these paths. Skips namespaces that
  /// cannot be opened.
  virtual std::vector<PeerLocation> locate_peers(const std::vector<HostLink>& links,
                                                 const std::vector<std::string>& namespaces) = 0;

  /// All addresses of all interfaces of the namespace.
  virtual std::vector<cni::Prefix> addresses(const Namespace& netns) = 0;

  /// All routes and rules of the namespace.
  virtual Routing read_routing(const Namespace& netns) = 0;

  /// The addresses of an attachment that live elsewhere on the node: the host itself has them, or has another route to
  /// them, which is searched for in `host`, the routing of the host. `device_index` is that of the host end, or of the
  /// bridge.
  virtual std::vector<Conflict> find_unreachable(const wiring::Wiring& wanted, std::uint32_t device_index,
                                                 const Routing& host) = 0;

  /// False if the reverse path filter of the host (rp_filter) drops the packet.
  virtual bool passes_rp_filter(const IncomingPacket& packet) = 0;

  /// Interfaces of the host on which the kernel ignores router advertisements because IPv6 forwarding is on and
  /// accept_ra is 1.
  virtual std::vector<std::string> list_ignoring_router_advertisements() = 0;

  /// Rules of other software that drop forwarded packets.
  virtual Firewall observe_firewall() = 0;

  /// The nftables objects of an attachment, by the comments of its elements.
  virtual wiring::ObservedRules find_rules(cni::Tag attachment) = 0;

  Kernel& kernel;
};

}  // namespace kernel
