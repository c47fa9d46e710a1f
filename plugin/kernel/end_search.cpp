#include "plugin/kernel/end_search.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/kernel/identity.hpp"
#include "plugin/kernel/network_namespace.hpp"
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
    if (batch.size() == 1) return;  // every link is compared with it
    for (std::size_t place = 0; place < batch.size(); ++place) add_marks(place);
  }

  /// A listing costs less than questions for each of many.
  std::vector<FoundLink> run(Search search) {
    constexpr std::size_t many = 32;
    const bool is_listed = search == Search::full && batch_.size() > many;
    if (!is_listed) ask_by_index();
    if (!is_listed) ask_by_name();
    if (search == Search::full) list("veth", has_end_, [&](std::size_t place) { return has_pair(place); });
    if (search == Search::full) {
      list("ifb", has_ifb_, [&](std::size_t place) { return is_listed ? may_have_ifb(place) : must_have_ifb(place); });
    }
    return std::move(found_);
  }

 private:
  bool has_pair(std::size_t place) const { return batch_[place].may_have_pair && !batch_[place].is_netns_pair; }

  bool may_have_ifb(std::size_t place) const { return batch_[place].may_have_ifb && !batch_[place].is_netns_pair; }

  /// An ifb that has lost its name is looked for where one was configured, or nothing says what was.
  bool must_have_ifb(std::size_t place) const {
    return may_have_ifb(place) && (batch_[place].outline || batch_[place].may_have_pair);
  }

  void add_marks(std::size_t place) {
    const auto& footprint = batch_[place];
    places_by_tag_.emplace(footprint.tag, place);
    if (may_have_ifb(place)) places_by_name_.emplace(cni::ifb_name(footprint.tag), place);
    if (!has_pair(place)) return;
    if (!footprint.host.name.empty()) places_by_name_.emplace(footprint.host.name, place);
    if (footprint.host.index != 0) places_by_index_.emplace(footprint.host.index, place);
  }

  /// Together with the ifbs: an attachment that is as it was made needs no other question.
  void ask_by_index() {
    std::vector<NetlinkRequest> questions;
    for (std::size_t place = 0; place < batch_.size(); ++place) {
      const auto& host = batch_[place].host;
      if (has_pair(place) && host.index != 0) questions.push_back(get_link(host.index));
      if (has_pair(place) && host.index == 0 && !host.name.empty()) questions.push_back(get_link(host.name));
      if (may_have_ifb(place)) questions.push_back(get_link(cni::ifb_name(batch_[place].tag)));
    }
    take_answers(questions);
  }

  void ask_by_name() {
    std::vector<NetlinkRequest> questions;
    for (std::size_t place = 0; place < batch_.size(); ++place) {
      const auto& host = batch_[place].host;
      if (!has_pair(place) || has_end_[place] || host.index == 0 || host.name.empty()) continue;
      questions.push_back(get_link(host.name));
    }
    take_answers(questions);
  }

  void take_answers(const std::vector<NetlinkRequest>& questions) {
    if (questions.empty()) return;
    for (const auto& message : host_.transact(questions)) take(message);
  }

  void list(const char* kind, const std::vector<bool>& is_found, const auto& is_wanted) {
    bool is_needed = false;
    for (std::size_t place = 0; place < batch_.size(); ++place) {
      is_needed = is_needed || (is_wanted(place) && !is_found[place]);
    }
    if (!is_needed) return;
    for (const auto& message : host_.dump(list_links(kind))) take(message);
  }

  void take(const std::string& message) {
    auto link = find_link(message);
    if (!link) return;
    for (const auto place : candidates(*link)) {
      const bool is_end = has_pair(place) && is_host_end(*link, batch_[place]);
      if (!is_end && !(may_have_ifb(place) && is_ifb(*link, batch_[place]))) continue;
      auto& has_found = is_end ? has_end_ : has_ifb_;
      const bool is_known = std::ranges::any_of(
          found_, [&](const FoundLink& other) { return other.place == place && other.link.index == link->index; });
      has_found[place] = true;
      if (!is_known) found_.push_back({place, std::move(*link)});
      return;
    }
  }

  /// Places of the batch that one of the link's marks points to.
  std::vector<std::size_t> candidates(const Link& link) const {
    std::vector<std::size_t> places;
    if (batch_.size() == 1) return {0};
    const auto add = [&](const auto& map, const auto& key) {
      if (const auto found = map.find(key); found != map.end()) places.push_back(found->second);
    };
    add(places_by_index_, link.index);
    add(places_by_name_, link.name);
    if (const auto tag = cni::tag_of_alias(link.alias)) add(places_by_tag_, *tag);
    return places;
  }

  std::span<const wiring::Footprint> batch_;
  NetlinkSocket& host_;
  std::map<cni::Tag, std::size_t> places_by_tag_;
  std::map<std::string, std::size_t> places_by_name_;
  std::map<std::uint32_t, std::size_t> places_by_index_;
  std::vector<bool> has_end_;
  std::vector<bool> has_ifb_;
  std::vector<FoundLink> found_;
};

}  // namespace

std::vector<FoundLink> find_host_links(std::span<const wiring::Footprint> batch, NetlinkSocket& host, Search search) {
  return HostSearch{batch, host}.run(search);
}

namespace {

/// nullopt where the namespace is gone, or is another user's: what was in it went with it.
std::optional<Namespace> find_namespace(const std::string& path) {
  try {
    return open_network_namespace(path);
  } catch (const cni::Error&) {
    return std::nullopt;
  }
}

std::optional<NetlinkSocket> open_socket_at(const std::string& path, int home) {
  const auto opened = find_namespace(path);
  if (!opened) return std::nullopt;
  return open_socket_inside(opened->file.get(), home);
}

std::vector<Link> ask(NetlinkSocket& socket, const wiring::EndMarks& marks) {
  std::vector<NetlinkRequest> questions;
  if (marks.index != 0) questions.push_back(get_link(marks.index));
  if (!marks.name.empty()) questions.push_back(get_link(marks.name));
  std::vector<Link> links;
  for (const auto& message : socket.transact(questions)) {
    if (auto link = find_link(message)) links.push_back(std::move(*link));
  }
  return links;
}

std::vector<Link> list_pairs(NetlinkSocket& socket) {
  std::vector<Link> links;
  for (const auto& message : socket.dump(list_links("veth"))) {
    if (auto link = find_link(message)) links.push_back(std::move(*link));
  }
  return links;
}

/// A place where an end of an attachment may be.
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

bool is_end_at(const Location& location, const Link& link, const wiring::Footprint& footprint) {
  return location.is_host ? is_host_end(link, footprint) : is_container_end(link, footprint);
}

std::optional<FoundEnd> find_at(const Location& location, int home, const auto& list, const auto& is_sought) {
  auto socket = open_socket_at(location.netns, home);
  if (!socket) return std::nullopt;
  for (auto& link : list(*socket)) {
    if (is_sought(link)) return FoundEnd{std::move(*socket), std::move(link)};
  }
  return std::nullopt;
}

/// The link comes first: the kernel gives the other namespace a number when it reports a link into it
/// (rtnl_fill_link_netnsid in net/core/rtnetlink.c).
std::optional<Link> ask_proven(NetlinkSocket& socket, const Namespace& here, const wiring::EndMarks& marks,
                               const wiring::EndMarks& other) {
  auto questions = one(get_link(marks.index));
  bool may_be_here = false;
  std::vector<Namespace> namespaces;
  for (const auto& netns : other.netns) {
    auto opened = find_namespace(netns);
    if (!opened) continue;
    may_be_here = may_be_here || is_same_namespace(opened->file.get(), here.file.get());
    questions.push_back(ask_namespace_number(*opened));
    namespaces.push_back(std::move(*opened));
  }
  const auto answers = socket.transact(questions);
  auto link = first_link(answers);
  if (!link || !is_proven_end(*link, marks, other)) return std::nullopt;
  const auto is_other = [&](const std::string& message) {
    return find_namespace_number(message) == link->peer_namespace;
  };
  const bool is_pair = link->peer_namespace ? std::ranges::any_of(answers, is_other) : may_be_here;
  return is_pair ? std::move(link) : std::nullopt;
}

std::optional<FoundEnd> find_proven(const wiring::Footprint& footprint, int home) {
  if (footprint.host.index == 0 || footprint.container.index == 0) return std::nullopt;
  for (const auto& location : locations_of(footprint)) {
    const auto& marks = location.is_host ? footprint.host : footprint.container;
    const auto& other = location.is_host ? footprint.container : footprint.host;
    const auto here = find_namespace(location.netns);
    if (!here) continue;
    auto socket = open_socket_inside(here->file.get(), home);
    if (auto link = ask_proven(socket, *here, marks, other)) return FoundEnd{std::move(socket), std::move(*link)};
  }
  return std::nullopt;
}

std::optional<FoundEnd> find_claimed(const wiring::Footprint& footprint, int home, Search search) {
  for (const auto& location : locations_of(footprint)) {
    const auto& marks = location.is_host ? footprint.host : footprint.container;
    const auto is_sought = [&](const Link& link) { return is_end_at(location, link, footprint); };
    auto found = find_at(
        location, home, [&](NetlinkSocket& socket) { return ask(socket, marks); }, is_sought);
    if (!found && search == Search::full) found = find_at(location, home, list_pairs, is_sought);
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace

void remove_end(FoundEnd& end) { end.socket.transact(one(delete_link(end.link.index, end.link.name))); }

std::optional<FoundEnd> find_container_end(const wiring::Footprint& footprint, int home) {
  for (const auto& netns : footprint.container.netns) {
    auto found = find_at(
        {netns, false}, home, [&](NetlinkSocket& socket) { return ask(socket, footprint.container); },
        [&](const Link& link) { return is_container_end(link, footprint); });
    if (found) return found;
  }
  return std::nullopt;
}

std::optional<FoundEnd> find_netns_end(const wiring::Footprint& footprint, int home, Search search) {
  auto proven = find_proven(footprint, home);
  return proven ? std::move(proven) : find_claimed(footprint, home, search);
}

/// A workload may put links with the marks of an end there faster than they are removed.
void remove_netns_pair(const wiring::Footprint& footprint, int home) {
  if (auto proven = find_proven(footprint, home)) return remove_end(*proven);
  constexpr int attempts = 100;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    auto claimed = find_claimed(footprint, home, Search::full);
    if (!claimed) return;
    remove_end(*claimed);
  }
  throw posix::system_error(EBUSY, "remove the ends of " + text::quoted(cni::alias_of(footprint.attachment)) +
                                       ": links with its marks keep appearing");
}

}  // namespace kernel
