#pragma once

#include "plugin/cluster/store.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Entries of the store as objects Lease of the API coordination.k8s.io/v1: no resource definitions are needed. The
// value is an annotation; labels contain the kind and the pool. Requests and answers as pure functions.
namespace kubernetes {

/// The Node object that owns an entry: the garbage collector removes the entry with it.
struct NodeReference {
  std::string name;
  std::string uid;

  bool operator==(const NodeReference&) const = default;
};

/// The name of the Lease of an entry: "node-NAME", "pool-NAME", "block-POOL-0000a3". Throws cni::Error invalid_config
/// for a name that the API does not accept.
std::string lease_name(const std::string& key);

/// "/apis/coordination.k8s.io/v1/namespaces/NAMESPACE/leases", with "/NAME" unless it is empty.
std::string leases_path(const std::string& api_namespace, const std::string& name = {});

/// The selector of all entries with the prefix, as a parameter of a URL: "labelSelector=veth-cni%3Dnode".
std::string selector(const std::string& prefix);

/// A new Lease, or one that replaces a version.
struct WrittenLease {
  cluster::Item item;  ///< with a revision: it is replaced
  std::string api_namespace;
  std::optional<NodeReference> owner{};  ///< of entries of a node and its blocks
};
std::string to_json(const WrittenLease& lease);

/// The body of a request that removes a Lease only if it has this version.
std::string delete_options(const std::string& revision);

// Each reader throws cni::Error decoding_failure for a text of another form.

/// nullopt: a Lease without the annotation is no entry.
std::optional<cluster::Item> read_lease(std::string_view text);

/// One page of a list.
struct LeasePage {
  std::vector<cluster::Item> items{};
  std::string revision{};
  std::string next{};  ///< for the next page; empty: this is the last one

  bool operator==(const LeasePage&) const = default;
};
LeasePage read_lease_list(std::string_view text);

/// 410 Gone: the API server has no changes since the revision any more.
constexpr unsigned gone_status = 410;

/// A line of a watch.
struct LeaseEvent {
  enum class Kind { changed, removed, bookmark, expired, failed };

  Kind kind = Kind::bookmark;
  std::optional<cluster::Item> item{};  ///< of the first two
  std::string revision{};               ///< to continue after it
  std::string reason{};                 ///< of the last two

  bool operator==(const LeaseEvent&) const = default;
};
LeaseEvent read_lease_event(std::string_view text);

/// The reason in an answer with an error, such as "AlreadyExists". Any text is accepted.
struct ApiFailure {
  std::string reason{};
  std::string message{};

  bool operator==(const ApiFailure&) const = default;
};
ApiFailure read_api_failure(std::string_view text);

/// What veth-node needs of the Node object of its node.
struct NodeObject {
  NodeReference reference;
  std::vector<std::string> pod_networks{};  ///< spec.podCIDRs
  std::vector<std::string> addresses{};     ///< of type InternalIP

  bool operator==(const NodeObject&) const = default;
};
NodeObject read_node_object(std::string_view text);

}  // namespace kubernetes
