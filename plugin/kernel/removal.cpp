#include "plugin/kernel/removal.hpp"

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/ingress_filters.hpp"
#include "plugin/kernel/link_deletion.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/pairs.hpp"
#include "plugin/kernel/reference_masquerade.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/wiring/wiring.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <utility>

namespace kernel {
namespace {

bool may_have_rules(const wiring::Footprint& footprint) {
  return footprint.may_have_rules && (!footprint.partial_wiring || wiring::needs_rules(*footprint.partial_wiring));
}

/// A random number for a group of links. Other software is unlikely to use a group in this range.
std::uint32_t temporary_link_group() {
  std::uint32_t number = 0;
  if (::getrandom(&number, sizeof number, 0) < 0) posix::throw_errno("get a random number");
  constexpr std::uint32_t rarely_used = 0x40000000;
  return rarely_used | (number >> 2);
}

}  // namespace

BatchRemoval::BatchRemoval(std::span<const wiring::Footprint> batch, int host_netns, NetlinkSocket& host)
    : batch_(batch), host_netns_(host_netns), host_(host) {}

void BatchRemoval::attempt(std::span<const std::size_t> positions, const std::function<void()>& step) {
  try {
    step();
  } catch (const std::system_error& error) {
    failures_.push_back(error);
    incomplete_.insert(positions.begin(), positions.end());
  }
}

/// If the batch fails, the rules of each attachment are removed separately, so that one failure does not keep the
/// others.
void BatchRemoval::remove_rules(const std::function<Netfilter*()>& netfilter) {
  std::vector<std::size_t> positions;
  std::vector<wiring::Footprint> with_rules;
  for (std::size_t position = 0; position < batch_.size(); ++position) {
    if (!may_have_rules(batch_[position])) continue;
    positions.push_back(position);
    if (batch_.size() > 1) with_rules.push_back(batch_[position]);
  }
  if (positions.empty()) return;
  Netfilter* found = nullptr;
  attempt(positions, [&] { found = netfilter(); });
  if (found == nullptr) return;
  if (positions.size() == 1) return attempt(positions, [&] { found->remove(batch_.subspan(positions.front(), 1)); });
  try {
    found->remove(with_rules);
  } catch (const std::system_error&) {
    for (const auto& position : positions) attempt({&position, 1}, [&] { found->remove(batch_.subspan(position, 1)); });
  }
}

/// Nothing of an attachment is left if it fails.
void BatchRemoval::remove_unused_chains(const std::function<Netfilter*()>& netfilter) {
  std::set<std::string> networks;
  for (const auto& footprint : batch_) {
    if (footprint.is_last_of_network) networks.insert(footprint.attachment.network);
  }
  if (networks.empty()) return;
  attempt({}, [&] {
    if (auto* found = netfilter()) found->remove_unused_masquerades(networks);
  });
}

void BatchRemoval::remove_reference_rules() {
  for (std::size_t position = 0; position < batch_.size(); ++position) {
    const auto& footprint = batch_[position];
    if (!footprint.may_be_of_reference) continue;
    attempt({&position, 1}, [&] { remove_interface_rules_of_reference(footprint.attachment); });
  }
}

void BatchRemoval::remove_links(int kept_open) {
  kept_open_ = kept_open;
  std::vector<std::size_t> on_host;
  for (std::size_t position = 0; position < batch_.size(); ++position) {
    const auto& footprint = batch_[position];
    const bool is_elsewhere = footprint.is_netns_pair;
    const bool may_have_pair = footprint.may_have_pair && !footprint.is_foreign_pair;
    if (!is_elsewhere && (may_have_pair || footprint.may_have_ifb)) on_host.push_back(position);
    if (!is_elsewhere || !footprint.may_have_pair) continue;
    attempt({&position, 1}, [&] { remove_netns_pair(footprint, host_netns_, kept_open_); });
  }
  if (!on_host.empty()) attempt(on_host, [&] { remove_host_links(on_host); });
}

void BatchRemoval::remove_host_links(std::span<const std::size_t> on_host) {
  auto links = find_host_links(batch_, host_, Search::full);
  std::erase_if(links, [&](const FoundLink& found) {
    return is_pair_kind(found.link.kind) && batch_[found.position].is_foreign_pair;
  });
  for (const auto& found : links) with_links_.insert(found.position);
  remove_moved_pairs(links);
  auto requests = source_filter_deletions();
  if (on_host.size() == 1 && links.size() == 1) {
    requests.push_back(delete_link(links.front().link.index, links.front().link.name));
    return attempt(on_host, [&] { LinkDeletion{host_, requests, kept_open_}.run_or_throw(); });
  }
  if (!requests.empty()) attempt(on_host, [&] { host_.send_or_throw(requests); });
  constexpr std::size_t most_at_once = 100;
  for (std::span<const FoundLink> rest{links}; !rest.empty();) {
    const auto chunk = rest.first(std::min(most_at_once, rest.size()));
    remove_group(chunk);
    rest = rest.subspan(chunk.size());
  }
}

/// The filter of an attachment may exist without its link, if the container has other interfaces. Of attachments of
/// which only the tag is known, it is deleted with the last interface of the container.
std::vector<NetlinkRequest> BatchRemoval::source_filter_deletions() const {
  std::vector<NetlinkRequest> requests;
  for (const auto& footprint : batch_) {
    if (footprint.is_netns_pair || footprint.is_foreign_pair || footprint.attachment.container.empty()) continue;
    requests.push_back(SourceFilters{footprint.attachment}.remove());
  }
  return requests;
}

/// Removes pairs whose host end is no longer on the host.
void BatchRemoval::remove_moved_pairs(std::span<const FoundLink> links) {
  std::set<std::size_t> found;
  for (const auto& [position, link] : links) {
    if (is_pair_kind(link.kind)) found.insert(position);
  }
  for (std::size_t position = 0; position < batch_.size(); ++position) {
    const auto& footprint = batch_[position];
    const bool is_removable = footprint.may_have_pair && !footprint.is_netns_pair && !footprint.is_foreign_pair;
    if (!is_removable || found.contains(position)) continue;
    attempt({&position, 1}, [&] {
      auto end = find_container_end(footprint, host_netns_);
      if (end) remove_end(*end, kept_open_);
    });
  }
}

/// The deletion of a group waits for grace periods once, not once per link (unregister_netdevice_many() in
/// net/core/dev.c). Link groups are one number space for all software, so links are put into the group only in the
/// sendmsg that deletes it.
void BatchRemoval::remove_group(std::span<const FoundLink> links) {
  const auto group = temporary_link_group();
  std::vector<NetlinkRequest> requests;
  for (const auto& [position, link] : links) requests.push_back(put_into_group(link.index, link.name, group));
  requests.push_back(delete_group(group));
  for (const auto& refusal : LinkDeletion{host_, requests, kept_open_}.run().refusals) {
    failures_.push_back(refusal_error(refusal, requests));
    const bool is_group_deletion = refusal.request == links.size();
    const auto refused = is_group_deletion ? links : links.subspan(refusal.request, 1);
    for (const auto& found : refused) incomplete_.insert(found.position);
  }
}

void BatchRemoval::remove_gateways() {
  std::vector<NetlinkRequest> requests;
  std::vector<std::size_t> positions;
  for (std::size_t position = 0; position < batch_.size(); ++position) {
    for (const auto& gateway : batch_[position].gateways) {
      requests.push_back(delete_address({"lo", loopback_index}, cni::host_prefix(gateway)));
      positions.push_back(position);
    }
  }
  if (!requests.empty()) attempt(positions, [&] { host_.send_or_throw(requests); });
}

void BatchRemoval::revert_bridge_changes() {
  for (std::size_t position = 0; position < batch_.size(); ++position) {
    const auto& change = batch_[position].bridge_change;
    if (!change.interface.empty()) attempt({&position, 1}, [&] { revert(change); });
  }
}

void BatchRemoval::revert(const wiring::BridgeChange& change) {
  const auto link = first_link(host_.send_or_throw(get_link(change.interface)));
  if (!link) return;
  const Device device{link->name, link->index};
  std::vector<NetlinkRequest> requests;
  for (const auto& prefix : change.added) requests.push_back(delete_address(device, prefix));
  for (const auto& prefix : change.deleted) {
    requests.push_back(add_address(device, {prefix}, false));
    requests.back().tolerated = {EEXIST};
  }
  host_.send_or_throw(requests);
}

Removal BatchRemoval::finish() && {
  return {.with_links = {with_links_.begin(), with_links_.end()},
          .incomplete = {incomplete_.begin(), incomplete_.end()},
          .failures = std::move(failures_)};
}

}  // namespace kernel
