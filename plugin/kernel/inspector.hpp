#pragma once

#include "plugin/kernel/counters.hpp"
#include "plugin/kernel/kernel.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kernel {

/// The end of a pair that is in the host's namespace.
struct HostLink {
  std::uint32_t index = 0;
  std::string name;
  std::string alias;

  bool operator==(const HostLink&) const = default;
};

/// Where an interface is.
struct EndLocation {
  std::string netns;      ///< path
  std::string interface;  ///< name

  bool operator==(const EndLocation&) const = default;
};

/// Where the other end of a host's link is, and the bridge that the link is a port of.
struct PeerLocation {
  EndLocation other_end{};  ///< empty where it was not found, or is not proven to be the other end
  std::string bridge{};     ///< empty: none

  bool operator==(const PeerLocation&) const = default;
};

/// A packet for the host itself that comes in by one of its interfaces.
struct IncomingPacket {
  cni::IpAddress source;
  cni::IpAddress destination;
  std::uint32_t interface = 0;  ///< index

  bool operator==(const IncomingPacket&) const = default;
};

/// A chain of nftables that drops the forwarded packets which no rule of it accepts.
struct DroppingChain {
  std::string family;  ///< as nft calls it: "ip", "ip6" or "inet"
  std::string table;
  std::string name;
  bool accepts_some = false;  ///< a rule accepts packets by what their headers contain, such as addresses

  bool operator==(const DroppingChain&) const = default;
};

/// What may keep packets from being forwarded.
struct Firewall {
  std::vector<DroppingChain> chains{};
  bool has_legacy = false;  ///< there are rules of iptables-legacy, which cannot be read here

  bool operator==(const Firewall&) const = default;
};

/// What vethctl needs beyond what the verbs do. Functions throw std::system_error as those of Kernel.
class Inspector {
 public:
  /// `verbs_kernel` has to outlive it.
  explicit Inspector(Kernel& verbs_kernel) : kernel(verbs_kernel) {}
  virtual ~Inspector() = default;

  /// All host ends of ours, by their aliases, in one listing.
  virtual std::vector<HostLink> host_links() = 0;

  /// The host end of one attachment, by the proof in kernel/identity.hpp; nullopt where it does not exist.
  virtual std::optional<HostLink> find_host_link(const wiring::Footprint& footprint) = 0;

  /// Any interface of the namespace with what is configured on it; nullopt where there is none of this name.
  virtual std::optional<wiring::ObservedEnd> find_interface(const std::string& name, const Namespace& place) = 0;

  /// nullopt where there is no such interface.
  virtual std::optional<Counters> find_counters(const std::string& interface, const Namespace& place) = 0;

  /// For each link of the host where its other end is, among the namespaces at these paths. What cannot be opened is
  /// left out.
  virtual std::vector<PeerLocation> locate(const std::vector<HostLink>& links,
                                           const std::vector<std::string>& namespaces) = 0;

  /// All addresses of all interfaces of the namespace.
  virtual std::vector<cni::Prefix> addresses(const Namespace& place) = 0;

  /// False where the host's reverse path filter (rp_filter) drops the packet.
  virtual bool passes_rp_filter(const IncomingPacket& packet) = 0;

  /// What other software has in the way of forwarded packets.
  virtual Firewall observe_firewall() = 0;

  /// What an attachment has in nftables, by the comments of its elements.
  virtual wiring::ObservedRules find_rules(cni::Tag attachment) = 0;

  Kernel& kernel;
};

}  // namespace kernel
