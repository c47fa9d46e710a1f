#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/stopwatch.hpp"
#include "plugin/kernel/routing.hpp"
#include "plugin/posix/file_descriptor.hpp"
#include "plugin/wiring/footprint.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <unordered_set>
#include <variant>
#include <vector>

namespace kernel {

/// A network namespace, opened and verified. The descriptor refers to the same namespace even if the path is replaced.
struct Namespace {
  posix::FileDescriptor file;
  std::string path;  ///< for messages
};

/// Mode ovs: makes an end of the pair a port of the switch. The switch works between the two calls.
struct OvsConnector {
  /// Called when the pair exists.
  std::function<void()> request = [] {};
  /// Called when both ends are configured. Returns whether the datapath is in user space: it completes no checksums.
  std::function<bool()> wait = [] { return false; };
};

/// The namespaces of an attachment's ends, and what else the operations on one attachment need.
struct AttachmentContext {
  Namespace container;
  std::optional<Namespace> peer{};  ///< mode netns: the namespace of the host end; nullopt: the host's own
  std::string node_instance{};      ///< "<boot id>-<cookie of the host's namespace>", stored in the nft tables
  bool is_new_instance = false;     ///< first attachment of this node instance: build() deletes stale tables
  std::uint32_t host_index = 0;     ///< recorded ifindex of the host end, for observe() and repair(); 0: none
  /// Mode bridge: called by build() before it adds a gateway to the bridge; throws if a container has this address.
  std::function<void(const cni::IpAddress&)> check_new_gateway = [](const cni::IpAddress&) {};
  /// Called by build() for an attachment that has a host port of the wiring: whether the port is taken over.
  std::function<bool(cni::Tag)> takes_port_over = [](cni::Tag) { return false; };
  OvsConnector ovs{};
  cni::Stopwatch* stopwatch = nullptr;  ///< for the steps of build(); null: timing is off
  /// All routes of the host, for the observe() of many attachments: a list of the routes of one interface takes as long
  /// as a list of all. Null: observe() lists them.
  const RouteTables* host_routes = nullptr;
};

/// The result of a successful build().
struct Built {
  cni::MacAddress bridge_mac{};                         ///< mode bridge
  std::optional<cni::MacAddress> vlan_interface_mac{};  ///< of the bridge's interface in a VLAN, if it has the gateways
  bool has_missing_rules = false;  ///< a table was created again: the elements of other attachments are missing
  bool lacks_filters = false;      ///< the kernel does not support the filters of accepted_sources and guards_loopback
};

/// Why a wiring could not be built: an address or a port that it needs is in use.
struct Conflict {
  enum class Kind {
    address,   ///< packets of the host to an address of the container do not reach the container
    gateway,   ///< a container has the address of the gateway
    host_port  ///< another attachment uses a host port
  };

  Kind kind = Kind::address;
  cni::IpAddress address{};           ///< kinds address and gateway
  bool is_host_address = false;       ///< kind address: the host itself has it; false: the host has another route to it
  std::optional<RouteEntry> route{};  ///< kind address: the other route, if it was searched for
  std::string host_port{};            ///< kind host_port: "8080/tcp"
  std::optional<cni::Tag> holder{};   ///< kinds gateway and host_port: the attachment that uses it; nullopt: unknown

  bool operator==(const Conflict&) const = default;
};

using BuildOutcome = std::variant<Built, Conflict>;

/// What remove() found, and what it could not remove.
struct Removal {
  std::vector<std::size_t> with_links{};      ///< positions in the batch: attachments that had a link on the host
  std::vector<std::size_t> incomplete{};      ///< positions in the batch: attachments of which something may be left
  std::vector<std::system_error> failures{};  ///< each failure once
};

/// How thoroughly the ends of an attachment are searched for.
enum class Search {
  by_name,  ///< by name and recorded ifindex: one sendmsg, independent of the number of links
  full      ///< if that finds nothing, by alias too: all links of the namespace are listed
};

/// What read_node() has to read. It reads nothing else.
struct NodeQuery {
  std::vector<cni::Family> default_route_mtu{};  ///< for packets of these families
  bool uplink_big_tcp = false;
  bool bridge_filter = false;
  bool netkit = false;
  bool permission = false;
  bool nftables = false;
  bool interfaces = false;
  std::vector<cni::Family> sysctls{};  ///< whether an ADD with addresses of these families could write its sysctls
};

struct NodeState {
  std::uint32_t default_route_mtu = 1500;  ///< smallest MTU of the default routes' devices and the tunnels to other
                                           ///< nodes; 1500 without default route
  wiring::BigTcp uplink_big_tcp{};         ///< of the default routes' devices
  bool filters_bridged_packets = false;    ///< packets on a bridge pass netfilter (bridge-nf-call-iptables)
  std::string lacks_netkit{};  ///< the release of a kernel that is too old for netkit; empty: it may have it
  std::unordered_set<std::string> interfaces{};       ///< names of those with IPv6; empty on a host without IPv6
  bool may_change_network = true;                     ///< this process has CAP_NET_ADMIN in its network namespace
  std::optional<std::system_error> sysctl_error{};    ///< why a sysctl cannot be written; nullopt: all can
  std::optional<std::system_error> nftables_error{};  ///< why nftables cannot be used; nullopt: it can
};

/// The kernel operations of the verbs. Functions throw std::system_error with the action, its object and the error text
/// of the kernel.
class Kernel {
 public:
  virtual ~Kernel() = default;

  /// Opens a network namespace. Throws cni::Error invalid_netns if the path is not a network namespace, or if it is the
  /// host's own and `allow_own` is not set. Never blocks, even if the path is a FIFO.
  virtual Namespace open_namespace(const std::string& path, bool allow_own) = 0;

  virtual NodeState read_node(const NodeQuery& query) = 0;

  /// Creates everything in the wiring; packets flow when it returns Built. Updates `footprint` at each step, so that
  /// remove() deletes what a failure or a conflict has left.
  virtual BuildOutcome build(const wiring::Wiring& wiring, const AttachmentContext& context,
                             wiring::Footprint& footprint) = 0;

  /// Restores the missing nftables elements of the wirings. Skips a wiring whose host port another attachment uses now.
  /// If `mark_complete` is set, marks the tables of the first wiring as complete; until then build() reports missing
  /// rules.
  virtual void restore_rules(std::span<const wiring::Wiring> wirings, const AttachmentContext& context,
                             bool mark_complete) = 0;

  /// What exists of a wanted wiring.
  virtual wiring::Observed observe(const wiring::Wiring& wanted, const AttachmentContext& context) = 0;

  /// For each footprint, whether an end of it exists, by the rules in kernel/identity.hpp. A namespace that no longer
  /// exists contains none.
  virtual std::vector<bool> find_ends(std::span<const wiring::Footprint> batch, Search search) = 0;

  /// The attachments of a network (empty: of all networks) that the kernel has objects of: host ends and ifbs by their
  /// aliases, nftables elements by their comments. Ends of mode netns are not on the host and not listed.
  virtual std::vector<wiring::Footprint> list(const std::string& network) = 0;

  /// Removes the nftables elements, the veth pairs, the ifbs and the gateways on lo of each footprint, reverts its
  /// change of a bridge, and deletes unused masquerade chains of its network if it is the last one there. An object
  /// that does not exist is not a failure.
  virtual Removal remove(std::span<const wiring::Footprint> batch) = 0;

  /// Removes the chains and sets of a network (empty: of all networks) that no container uses, and tables without
  /// elements. Returns false if there was nothing to remove.
  virtual bool clean_rules(const std::string& network) = 0;
};

}  // namespace kernel
