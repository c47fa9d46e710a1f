#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/stopwatch.hpp"
#include "plugin/posix/file_descriptor.hpp"
#include "plugin/wiring/footprint.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <variant>
#include <vector>

namespace kernel {

/// A network namespace, opened and verified. It stays the one it is, whatever becomes of the path.
struct Namespace {
  posix::FileDescriptor file;
  std::string path;  ///< for messages
};

/// The namespaces in which an attachment's ends are, and what else a call brings along.
struct Site {
  Namespace container;
  std::optional<Namespace> peer{};      ///< mode netns: of the end that is called "host"; nullopt: the host's own
  std::string node_life{};              ///< "<boot id>-<cookie of the host's namespace>": whose tables are ours
  bool begins_life = false;             ///< nothing was attached in this life yet: tables of another one are dropped
  std::uint32_t host_index = 0;         ///< recorded ifindex of the host end, for observe() and repair(); 0: none
  cni::Stopwatch* stopwatch = nullptr;  ///< for the steps of build(); null: timing is off
};

/// What the kernel gave to what was made.
struct Built {
  cni::MacAddress bridge_mac{};  ///< mode bridge
  bool has_lost_rules = false;   ///< the tables were made anew: what others had in them is missing
};

/// Why a wiring could not be built: an address or a port that it needs is in use.
struct Conflict {
  enum class Kind { address, host_port };

  Kind kind = Kind::address;
  cni::IpAddress address{};          ///< kind address: the host has a route to it that leads elsewhere
  std::string host_port{};           ///< kind host_port: "8080/tcp"
  std::optional<cni::Tag> holder{};  ///< kind host_port: the attachment that has it; nullopt: nothing says whose it is

  bool operator==(const Conflict&) const = default;
};

using BuildOutcome = std::variant<Built, Conflict>;

/// What remove() found, and what it could not remove.
struct Removal {
  std::vector<std::size_t> linked{};          ///< places in the batch of those of which a link existed on the host
  std::vector<std::size_t> incomplete{};      ///< places of those of which something may be left
  std::vector<std::system_error> failures{};  ///< what was refused, each once
};

/// How thoroughly the ends of an attachment are looked for.
enum class Search {
  by_name,  ///< by name and recorded ifindex: one send, whatever else exists
  full      ///< where these find nothing, by alias too: all links of the namespace are listed
};

/// What a verb wants to know of the node. What is not asked for is not read.
struct NodeQuestion {
  std::vector<cni::Family> default_route_mtu{};  ///< for packets of these families
  bool bridge_filter = false;
  bool permission = false;
  bool nftables = false;
  std::vector<cni::Family> settings{};  ///< whether an ADD with addresses of these families could write its sysctls
};

struct NodeState {
  std::uint32_t default_route_mtu =
      1500;                              ///< the least of the devices of the default routes, 1500 where there are none
  bool filters_bridged_packets = false;  ///< packets on a bridge go through netfilter (bridge-nf-call-iptables)
  bool may_change_network = true;        ///< this process has CAP_NET_ADMIN in its network namespace
  std::optional<std::system_error> settings_fault{};  ///< nullopt: it could
  std::optional<std::system_error> nftables_fault{};  ///< why this kernel cannot have our rules; nullopt: it can
};

/// What the verbs do with the kernel. Functions throw std::system_error with the act, its object and the kernel's own
/// sentence.
class Kernel {
 public:
  virtual ~Kernel() = default;

  /// Opens a network namespace. Throws cni::Error invalid_netns where the path is not a network namespace, or is
  /// our own and `allow_own` is not set. Never waits, whatever is at the path.
  virtual Namespace open_namespace(const std::string& path, bool allow_own) = 0;

  virtual NodeState read_node(const NodeQuestion& question) = 0;

  /// Makes all of the wiring; packets flow when it returns Built. `footprint` is kept up to date with what exists, so
  /// that remove() takes away whatever a failure or a conflict has left.
  virtual BuildOutcome build(const wiring::Wiring& wiring, const Site& site, wiring::Footprint& footprint) = 0;

  /// Puts back what wirings have in nftables, where it is missing; one whose host port is another's by now is skipped.
  /// With `is_last` the tables that the first of them uses are marked complete: build() reports a loss until then.
  virtual void restore_rules(std::span<const wiring::Wiring> wirings, const Site& site, bool is_last) = 0;

  /// What exists of a wanted wiring.
  virtual wiring::Observed observe(const wiring::Wiring& wanted, const Site& site) = 0;

  /// For each footprint whether an end of it exists, by the marks in kernel/identity.hpp. A namespace that is gone has
  /// none.
  virtual std::vector<bool> find_ends(std::span<const wiring::Footprint> batch, Search search) = 0;

  /// What the kernel shows of the attachments of a network (empty: of all networks): host ends and ifbs by their
  /// aliases, elements of nftables by their comments. Ends of mode netns are not on the host.
  virtual std::vector<wiring::Footprint> list(const std::string& network) = 0;

  /// Removes the elements, the pairs with both their ends, the ifbs, and the gateways on lo of each footprint. What
  /// does not exist is no failure.
  virtual Removal remove(std::span<const wiring::Footprint> batch) = 0;

  /// Removes the chains and sets of a network (empty: of all networks) that no container uses, and tables in which
  /// nothing is left. False where there was none.
  virtual bool clean_rules(const std::string& network) = 0;
};

}  // namespace kernel
