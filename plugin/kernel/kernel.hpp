#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/stopwatch.hpp"
#include "plugin/posix/file_descriptor.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace kernel {

/// A network namespace, opened and verified. It stays the one it is, whatever becomes of the path.
struct Namespace {
  posix::FileDescriptor file;
  std::string path;  ///< for messages
};

/// The namespaces in which an attachment's ends come to stand.
struct Site {
  Namespace container;
  std::optional<Namespace> peer{};      ///< mode netns: of the end that is called "host"; nullopt: the host's own
  cni::Stopwatch* stopwatch = nullptr;  ///< for the steps of build(); null: nobody wants to know
};

/// What the kernel gave to what was made.
struct Built {
  cni::MacAddress bridge_mac{};  ///< mode bridge
  bool has_lost_rules = false;   ///< the tables were made anew, and what others had in them is not back yet
};

/// One end of an attachment of mode netns.
struct Place {
  std::string netns;      ///< path
  std::string interface;  ///< name

  bool operator==(const Place&) const = default;
};

/// The end of a pair that is in the host's namespace, or an ifb.
struct HostLink {
  std::uint32_t index = 0;
  std::string name;
  std::string alias;

  bool operator==(const HostLink&) const = default;
};

/// What went through an interface one way since it was made, as `ip -s link` counts it.
struct Traffic {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t errors = 0;
  std::uint64_t dropped = 0;

  bool operator==(const Traffic&) const = default;
};

struct Counters {
  Traffic received{};
  Traffic sent{};

  bool operator==(const Counters&) const = default;
};

/// Where the other end of a host's link stands, and the bridge that the link is a port of.
struct Whereabouts {
  Place other_end{};     ///< empty where it was not found
  std::string bridge{};  ///< empty: none

  bool operator==(const Whereabouts&) const = default;
};

/// A packet for the host itself that comes in by one of its interfaces.
struct Arrival {
  cni::IpAddress source;
  cni::IpAddress destination;
  std::uint32_t interface = 0;  ///< index

  bool operator==(const Arrival&) const = default;
};

/// A chain of nftables that drops the forwarded packets which no rule of it accepts.
struct DroppingChain {
  std::string family;  ///< as nft calls it: "ip", "ip6" or "inet"
  std::string table;
  std::string name;
  bool accepts_some = false;  ///< a rule accepts packets by what stands in their headers, such as addresses

  bool operator==(const DroppingChain&) const = default;
};

/// What may keep packets from being forwarded.
struct Firewall {
  std::vector<DroppingChain> chains{};
  bool has_legacy = false;  ///< there are rules of iptables-legacy, which cannot be read here

  bool operator==(const Firewall&) const = default;
};

/// A host route to an address of the container exists already: the address lives elsewhere on the node.
struct AddressLivesElsewhere : std::runtime_error {
  explicit AddressLivesElsewhere(const cni::IpAddress& elsewhere);
  cni::IpAddress address;
};

/// A port of the host is mapped to another container already.
struct HostPortTaken : std::runtime_error {
  HostPortTaken(const wiring::PortMapping& mapping, std::optional<cni::Tag> holder_tag);
  std::string host_side;           ///< "8080/tcp"
  std::optional<cni::Tag> holder;  ///< nullopt: nothing tells whose it is
};

/// What the verbs want of the kernel. Functions throw std::system_error with the act, its object and the kernel's own
/// sentence.
class Kernel {
 public:
  virtual ~Kernel() = default;

  /// Opens the container's namespace. Throws cni::Error invalid_netns where the path is not a network namespace, or is
  /// our own and `allow_own` is not set. Never waits, whatever stands at the path.
  virtual Namespace open_namespace(const std::string& path, bool allow_own) = 0;

  /// The MTU of the device of the default route, 1500 where there is none.
  virtual std::uint32_t default_route_mtu() = 0;

  /// Makes all of the wiring; packets flow when it returns. What a failure leaves is taken away by remove() and
  /// remove_rules(). Throws AddressLivesElsewhere and HostPortTaken too.
  virtual Built build(const wiring::Wiring& wiring, const Site& site) = 0;

  /// Puts back what is missing of a wiring that was built; what stands stays as it is. Both ends have to stand. Throws
  /// AddressLivesElsewhere too.
  virtual void repair(const wiring::Wiring& wiring, const Site& site) = 0;

  /// The host's end of the attachment, known by name and alias (or by its name alone, where the alias could not be
  /// set); nullopt where there is none.
  virtual std::optional<HostLink> find_host_link(const cni::Attachment& attachment) = 0;

  /// The veth of this name in the host's namespace, whoever made it; nullopt where there is none.
  virtual std::optional<HostLink> find_veth(const std::string& name) = 0;

  /// Whether an interface of this index, name and alias exists.
  virtual bool exists(const HostLink& link) = 0;

  /// Removes the pair and its ifb; false where there was neither. An ifb stays when the pair goes with its namespace.
  virtual bool remove(const cni::Attachment& attachment) = 0;

  /// Whether an end of the attachment stands at one of the places, known by name and alias. A namespace that is gone
  /// has none.
  virtual bool stands(const cni::Attachment& attachment, const std::vector<Place>& places) = 0;

  /// Removes the pair whose ends are at these places, known by name and alias; false where there was none.
  virtual bool remove_cable(const cni::Attachment& attachment, const std::vector<Place>& places) = 0;

  /// Removes gateways from the host's lo; what is not there is no error.
  virtual void remove_host_gateways(const std::vector<cni::IpAddress>& gateways) = 0;

  /// Whether packets that a bridge passes on go through netfilter (net.bridge.bridge-nf-call-iptables).
  virtual bool filters_bridged_packets() = 0;

  /// Puts back what a wiring has in nftables, where it is missing. Throws HostPortTaken too.
  virtual void restore_rules(const wiring::Wiring& wiring) = 0;

  /// Says that what others had in the tables of the wiring is back: build() tells of a loss until then.
  virtual void finish_restoring_rules(const wiring::Wiring& wiring) = 0;

  /// Throws std::system_error where this kernel has no nftables.
  virtual void require_rules() = 0;

  /// Removes what a wiring has in nftables and is this attachment's; what is not there is no error.
  virtual void remove_rules(const wiring::Wiring& wiring) = 0;

  /// The same where nothing tells what it has: everything in our tables is looked at.
  virtual void remove_rules(cni::Tag attachment) = 0;

  /// What an attachment has in nftables, where nothing else tells it.
  virtual wiring::ObservedRules find_rules(cni::Tag attachment) = 0;

  /// Removes what stale attachments of the network have in nftables.
  virtual void remove_stale_rules(const std::string& network, const std::function<bool(cni::Tag)>& is_stale) = 0;

  /// Removes the chains of the network that no container uses (nullopt: of all networks), and tables in which nothing
  /// is left. False where there was nothing of that.
  virtual bool clean_rules(const std::optional<std::string>& network) = 0;

  /// What there is of a wanted wiring.
  virtual wiring::Observed observe(const wiring::Wiring& wanted, const Site& site) = 0;

  /// All host ends of a network, by their aliases.
  virtual std::vector<HostLink> host_links(std::string_view network) = 0;

  /// Those of all networks, by one listing.
  virtual std::vector<HostLink> host_links() = 0;

  /// The ifbs of a network, by their aliases.
  virtual std::vector<HostLink> ifbs(std::string_view network) = 0;

  /// Any interface of the namespace with what stands on it; nullopt where there is none of this name.
  virtual std::optional<wiring::ObservedEnd> find_interface(const std::string& name, const Namespace& place) = 0;

  /// nullopt where there is no such interface.
  virtual std::optional<Counters> find_counters(const std::string& interface, const Namespace& place) = 0;

  /// For each link of the host where its other end is, among the namespaces at these paths. What cannot be opened is
  /// left out.
  virtual std::vector<Whereabouts> locate(const std::vector<HostLink>& links,
                                          const std::vector<std::string>& namespaces) = 0;

  /// All addresses of all interfaces of the namespace.
  virtual std::vector<cni::Prefix> addresses(const Namespace& place) = 0;

  /// False where the host's reverse path filter (rp_filter) drops the packet.
  virtual bool takes(const Arrival& packet) = 0;

  /// What other software has put before forwarded packets.
  virtual Firewall observe_firewall() = 0;

  /// Removes many links at once.
  virtual void remove_links(const std::vector<HostLink>& links) = 0;

  /// Whether this process may change the network of its namespace (CAP_NET_ADMIN).
  virtual bool may_change_network() = 0;
};

}  // namespace kernel
