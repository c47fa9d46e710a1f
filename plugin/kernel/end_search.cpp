#include "plugin/kernel/end_search.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/kernel/identity.hpp"
#include "plugin/kernel/link_deletion.hpp"
#include "plugin/kernel/network_namespace.hpp"
#include "plugin/kernel/pairs.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>
#include <utility>

namespace kernel {
namespace {

/// One search for the links of a batch on the host.
class HostSearch {
 public:
  HostSearch(std::span<const wiring::Footprint> batch, NetlinkSocket& host)
      : batch_(batch), host_(host), has_end_(batch.size()), has_ifb_(batch.size()) {
    if (batch.size() == 1) return;  // every link is compared with the only footprint
    for (std::size_t position = 0; position < batch.size(); ++position) add_keys(position);
  }

  /// With more than 32 attachments, one listing of all links costs less than a query for each.
  std::vector<FoundLink> run(Search search) {
    constexpr std::size_t many = 32;
    const bool is_listed = search == Search::full && batch_.size() > many;
    if (!is_listed) query_by_index();
    if (!is_listed) query_by_name();
    if (search == Search::full) list(list_links(), has_end_, [&](std::size_t position) { return has_pair(position); });
    if (search == Search::full) {
      list(list_links("ifb"), has_ifb_,
           [&](std::size_t position) { return is_listed ? may_have_ifb(position) : may_have_renamed_ifb(position); });
    }
    return std::move(found_);
  }

 private:
  bool has_pair(std::size_t position) const {
    return batch_[position].may_have_pair && !batch_[position].is_netns_pair;
  }

  bool may_have_ifb(std::size_t position) const {
    return batch_[position].may_have_ifb && !batch_[position].is_netns_pair;
  }

  /// Searches for a renamed ifb only if an ifb was configured, or if the configuration is unknown.
  bool may_have_renamed_ifb(std::size_t position) const {
    return may_have_ifb(position) && (batch_[position].partial_wiring || batch_[position].may_have_pair);
  }

  void add_keys(std::size_t position) {
    const auto& footprint = batch_[position];
    positions_by_tag_.emplace(footprint.tag, position);
    if (may_have_ifb(position)) positions_by_name_.emplace(cni::ifb_name(footprint.tag), position);
    if (!has_pair(position)) return;
    if (!footprint.host.name.empty()) positions_by_name_.emplace(footprint.host.name, position);
    if (footprint.host.index != 0) positions_by_index_.emplace(footprint.host.index, position);
  }

  /// Queries the ifbs in the same sendmsg: an attachment that was not changed needs no further query.
  void query_by_index() {
    std::vector<NetlinkRequest> queries;
    for (std::size_t position = 0; position < batch_.size(); ++position) {
      const auto& host = batch_[position].host;
      if (has_pair(position) && host.index != 0) queries.push_back(get_link(host.index));
      if (has_pair(position) && host.index == 0 && !host.name.empty()) queries.push_back(get_link(host.name));
      if (may_have_ifb(position)) queries.push_back(get_link(cni::ifb_name(batch_[position].tag)));
    }
    read_answers(queries);
  }

  void query_by_name() {
    std::vector<NetlinkRequest> queries;
    for (std::size_t position = 0; position < batch_.size(); ++position) {
      const auto& host = batch_[position].host;
      if (!has_pair(position) || has_end_[position] || host.index == 0 || host.name.empty()) continue;
      queries.push_back(get_link(host.name));
    }
    read_answers(queries);
  }

  void read_answers(const std::vector<NetlinkRequest>& queries) {
    if (queries.empty()) return;
    for (const auto& message : host_.send_or_throw(queries)) add_if_wanted(message);
  }

  void list(const NetlinkRequest& request, const std::vector<bool>& is_found, const auto& is_wanted) {
    bool is_needed = false;
    for (std::size_t position = 0; position < batch_.size(); ++position) {
      is_needed = is_needed || (is_wanted(position) && !is_found[position]);
    }
    if (!is_needed) return;
    for (const auto& message : host_.dump(request)) add_if_wanted(message);
  }

  void add_if_wanted(const std::string& message) {
    auto link = find_link(message);
    if (!link) return;
    for (const auto position : candidates(*link)) {
      const bool is_end = has_pair(position) && is_host_end(*link, batch_[position]);
      if (!is_end && !(may_have_ifb(position) && is_ifb(*link, batch_[position]))) continue;
      auto& has_found = is_end ? has_end_ : has_ifb_;
      const bool is_known = std::ranges::any_of(found_, [&](const FoundLink& other) {
        return other.position == position && other.link.index == link->index;
      });
      has_found[position] = true;
      if (!is_known) found_.push_back({position, std::move(*link)});
      return;
    }
  }

  /// Positions in the batch of the attachments that have the ifindex, name or alias of the link.
  std::vector<std::size_t> candidates(const Link& link) const {
    std::vector<std::size_t> positions;
    if (batch_.size() == 1) return {0};
    const auto add = [&](const auto& map, const auto& key) {
      if (const auto found = map.find(key); found != map.end()) positions.push_back(found->second);
    };
    add(positions_by_index_, link.index);
    add(positions_by_name_, link.name);
    if (const auto tag = cni::tag_of_alias(link.alias)) add(positions_by_tag_, *tag);
    return positions;
  }

  std::span<const wiring::Footprint> batch_;
  NetlinkSocket& host_;
  std::map<cni::Tag, std::size_t> positions_by_tag_;
  std::map<std::string, std::size_t> positions_by_name_;
  std::map<std::uint32_t, std::size_t> positions_by_index_;
  std::vector<bool> has_end_;
  std::vector<bool> has_ifb_;
  std::vector<FoundLink> found_;
};

/// nullopt if the namespace no longer exists, or if the path belongs to another user. Links are deleted with their
/// namespace.
std::optional<Namespace> find_namespace(const std::string& path) {
  try {
    return open_network_namespace(path);
  } catch (const cni::Error&) {
    return std::nullopt;
  }
}

std::optional<NetlinkSocket> open_socket_at(const std::string& path, int host_netns) {
  const auto opened = find_namespace(path);
  if (!opened) return std::nullopt;
  return open_socket_inside(opened->file.get(), host_netns);
}

std::vector<Link> query_links(NetlinkSocket& socket, const wiring::EndIdentity& identity) {
  std::vector<NetlinkRequest> queries;
  if (identity.index != 0) queries.push_back(get_link(identity.index));
  if (!identity.name.empty()) queries.push_back(get_link(identity.name));
  std::vector<Link> links;
  for (const auto& message : socket.send_or_throw(queries)) {
    if (auto link = find_link(message)) links.push_back(std::move(*link));
  }
  return links;
}

std::vector<Link> list_ends(NetlinkSocket& socket) {
  std::vector<Link> links;
  for (const auto& message : socket.dump(list_links())) {
    if (auto link = find_link(message); link && is_pair_kind(link->kind)) links.push_back(std::move(*link));
  }
  return links;
}

/// A namespace in which an end of an attachment may be.
struct Location {
  const std::string& netns;
  bool is_host = false;
};

std::vector<Location> locations_of(const wiring::Footprint& footprint) {
  std::vector<Location> locations;
  for (const auto& netns : footprint.host.netns) locations.push_back({netns, true});
  for (const auto& netns : footprint.container.netns) locations.push_back({netns, false});
  return locations;
}

std::optional<FoundEnd> find_in_namespace(const Location& location, int host_netns, const auto& list,
                                          const auto& is_wanted) {
  auto socket = open_socket_at(location.netns, host_netns);
  if (!socket) return std::nullopt;
  for (auto& link : list(*socket)) {
    if (is_wanted(link)) return FoundEnd{std::move(*socket), std::move(link)};
  }
  return std::nullopt;
}

/// The link is requested first: the kernel assigns an ID to the other namespace when it reports a link into it
/// (rtnl_fill_link_netnsid() in net/core/rtnetlink.c).
std::optional<Link> find_link_by_ifindexes(NetlinkSocket& socket, const Namespace& here,
                                           const wiring::EndIdentity& identity, const wiring::EndIdentity& other) {
  auto queries = batch_of(get_link(identity.index));
  bool may_be_here = false;
  std::vector<Namespace> namespaces;
  for (const auto& netns : other.netns) {
    auto opened = find_namespace(netns);
    if (!opened) continue;
    may_be_here = may_be_here || is_same_namespace(opened->file.get(), here.file.get());
    queries.push_back(get_nsid(*opened));
    namespaces.push_back(std::move(*opened));
  }
  const auto answers = socket.send_or_throw(queries);
  auto link = first_link(answers);
  if (!link || !matches_both_ifindexes(*link, identity, other)) return std::nullopt;
  const auto is_peer_nsid = [&](const std::string& message) { return find_nsid(message) == link->peer_nsid; };
  const bool is_pair = link->peer_nsid ? std::ranges::any_of(answers, is_peer_nsid) : may_be_here;
  return is_pair ? std::move(link) : std::nullopt;
}

std::optional<FoundEnd> find_by_ifindexes(const wiring::Footprint& footprint, int host_netns) {
  if (footprint.host.index == 0 || footprint.container.index == 0) return std::nullopt;
  for (const auto& location : locations_of(footprint)) {
    const auto& identity = location.is_host ? footprint.host : footprint.container;
    const auto& other = location.is_host ? footprint.container : footprint.host;
    const auto here = find_namespace(location.netns);
    if (!here) continue;
    auto socket = open_socket_inside(here->file.get(), host_netns);
    if (auto link = find_link_by_ifindexes(socket, *here, identity, other))
      return FoundEnd{std::move(socket), std::move(*link)};
  }
  return std::nullopt;
}

std::optional<FoundEnd> find_by_identity(const wiring::Footprint& footprint, int host_netns, Search search) {
  for (const auto& location : locations_of(footprint)) {
    const auto& identity = location.is_host ? footprint.host : footprint.container;
    const auto is_wanted = [&](const Link& link) {
      return location.is_host ? is_host_end(link, footprint) : is_container_end(link, footprint);
    };
    auto found = find_in_namespace(
        location, host_netns, [&](NetlinkSocket& socket) { return query_links(socket, identity); }, is_wanted);
    if (!found && search == Search::full) found = find_in_namespace(location, host_netns, list_ends, is_wanted);
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace

std::vector<FoundLink> find_host_links(std::span<const wiring::Footprint> batch, NetlinkSocket& host, Search search) {
  return HostSearch{batch, host}.run(search);
}

void remove_end(FoundEnd& end, int kept_open) {
  const auto requests = batch_of(delete_link(end.link.index, end.link.name));
  LinkDeletion{end.socket, requests, kept_open}.run_or_throw();
}

std::optional<FoundEnd> find_container_end(const wiring::Footprint& footprint, int host_netns) {
  for (const auto& netns : footprint.container.netns) {
    auto found = find_in_namespace(
        {netns, false}, host_netns, [&](NetlinkSocket& socket) { return query_links(socket, footprint.container); },
        [&](const Link& link) { return is_container_end(link, footprint); });
    if (found) return found;
  }
  return std::nullopt;
}

std::optional<FoundEnd> find_netns_end(const wiring::Footprint& footprint, int host_netns, Search search) {
  auto found = find_by_ifindexes(footprint, host_netns);
  return found ? std::move(found) : find_by_identity(footprint, host_netns, search);
}

/// A workload may create links with the identity of an end faster than they are removed, so the attempts are limited.
void remove_netns_pair(const wiring::Footprint& footprint, int host_netns, int kept_open) {
  if (auto found = find_by_ifindexes(footprint, host_netns)) return remove_end(*found, kept_open);
  constexpr int attempts = 100;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    auto found = find_by_identity(footprint, host_netns, Search::full);
    if (!found) return;
    remove_end(*found, kept_open);
  }
  throw posix::system_error(EBUSY, "remove the pair of " + text::quoted(cni::alias_of(footprint.attachment)) +
                                       ": another process keeps creating interfaces with the same name, MAC or alias");
}

}  // namespace kernel
