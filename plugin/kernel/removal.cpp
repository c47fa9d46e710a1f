#include "plugin/kernel/removal.hpp"

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/wiring/wiring.hpp"

#include <sys/random.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace kernel {
namespace {

const Device loopback{"lo", 1};

bool may_have_rules(const wiring::Footprint& footprint) {
  return footprint.may_have_rules && (!footprint.outline || wiring::wants_rules(*footprint.outline));
}

/// A group of links that nobody else uses at this moment.
std::uint32_t temporary_link_group() {
  std::uint32_t number = 0;
  if (::getrandom(&number, sizeof number, 0) < 0) posix::throw_errno("get a random number");
  constexpr std::uint32_t rarely_used = 0x40000000;
  return rarely_used | (number >> 2);
}

}  // namespace

BatchRemoval::BatchRemoval(std::span<const wiring::Footprint> batch, int home, NetlinkSocket& host)
    : batch_(batch), home_(home), host_(host) {}

void BatchRemoval::attempt(std::span<const std::size_t> places, const std::function<void()>& step) {
  try {
    step();
  } catch (const std::system_error& error) {
    failures_.push_back(error);
    incomplete_.insert(places.begin(), places.end());
  }
}

/// A refusal of one must not keep the others: then each is tried in a call of its own.
void BatchRemoval::remove_rules(const std::function<Netfilter*()>& netfilter) {
  std::vector<std::size_t> places;
  std::vector<wiring::Footprint> ruled;
  for (std::size_t place = 0; place < batch_.size(); ++place) {
    if (!may_have_rules(batch_[place])) continue;
    places.push_back(place);
    if (batch_.size() > 1) ruled.push_back(batch_[place]);
  }
  if (places.empty()) return;
  Netfilter* found = nullptr;
  attempt(places, [&] { found = netfilter(); });
  if (found == nullptr) return;
  if (places.size() == 1) return attempt(places, [&] { found->remove(batch_.subspan(places.front(), 1)); });
  try {
    found->remove(ruled);
  } catch (const std::system_error&) {
    for (const auto& place : places) attempt({&place, 1}, [&] { found->remove(batch_.subspan(place, 1)); });
  }
}

void BatchRemoval::remove_links() {
  std::vector<std::size_t> on_host;
  for (std::size_t place = 0; place < batch_.size(); ++place) {
    const auto& footprint = batch_[place];
    const bool is_elsewhere = footprint.is_netns_pair;
    if (!is_elsewhere && (footprint.may_have_pair || footprint.may_have_ifb)) on_host.push_back(place);
    if (!is_elsewhere || !footprint.may_have_pair) continue;
    attempt({&place, 1}, [&] { remove_netns_pair(footprint, home_); });
  }
  if (!on_host.empty()) attempt(on_host, [&] { remove_host_links(); });
}

void BatchRemoval::remove_host_links() {
  const auto links = find_host_links(batch_, host_, Search::full);
  for (const auto& found : links) linked_.insert(found.place);
  remove_moved_pairs(links);
  if (links.size() == 1) {
    const auto& [place, link] = links.front();
    return attempt({&place, 1}, [&, &found = link] { host_.transact(one(delete_link(found.index, found.name))); });
  }
  constexpr std::size_t most_at_once = 100;
  for (std::span<const FoundLink> rest{links}; !rest.empty();) {
    const auto piece = rest.first(std::min(most_at_once, rest.size()));
    remove_group(piece);
    rest = rest.subspan(piece.size());
  }
}

/// Pairs whose host end is not on the host any more.
void BatchRemoval::remove_moved_pairs(std::span<const FoundLink> links) {
  std::set<std::size_t> found;
  for (const auto& [place, link] : links) {
    if (link.kind == "veth") found.insert(place);
  }
  for (std::size_t place = 0; place < batch_.size(); ++place) {
    const auto& footprint = batch_[place];
    if (!footprint.may_have_pair || footprint.is_netns_pair || found.contains(place)) continue;
    attempt({&place, 1}, [&] {
      auto end = find_container_end(footprint, home_);
      if (end) remove_end(*end);
    });
  }
}

/// One deletion of a group waits for the kernel's grace periods once, not once for each link. Link groups are one
/// number space for all software, so a link is in ours only within the send that deletes it.
void BatchRemoval::remove_group(std::span<const FoundLink> links) {
  const auto group = temporary_link_group();
  std::vector<NetlinkRequest> requests;
  for (const auto& [place, link] : links) requests.push_back(put_into_group(link.index, link.name, group));
  requests.push_back(delete_group(group));
  for (const auto& refusal : host_.send(requests).refusals) {
    failures_.push_back(refusal_error(refusal, requests));
    const bool is_of_all = refusal.request == links.size();
    const auto refused = is_of_all ? links : links.subspan(refusal.request, 1);
    for (const auto& found : refused) incomplete_.insert(found.place);
  }
}

void BatchRemoval::remove_gateways() {
  std::vector<NetlinkRequest> requests;
  std::vector<std::size_t> places;
  for (std::size_t place = 0; place < batch_.size(); ++place) {
    for (const auto& gateway : batch_[place].gateways) {
      requests.push_back(delete_address(loopback, cni::host_prefix(gateway)));
      places.push_back(place);
    }
  }
  if (!requests.empty()) attempt(places, [&] { host_.transact(requests); });
}

Removal BatchRemoval::finish() && {
  return {.linked = {linked_.begin(), linked_.end()},
          .incomplete = {incomplete_.begin(), incomplete_.end()},
          .failures = std::move(failures_)};
}

}  // namespace kernel
