#include "ipam/range_ipam.hpp"

#include "ipam/reservation.hpp"
#include "ipam/resolv_conf.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"

#include <algorithm>
#include <iterator>

namespace ipam {
namespace {

// Number of addresses that are checked one by one before the list of all taken addresses is read.
constexpr int checks_before_listing = 64;

[[noreturn]] void reject(const cni::IpAddress& requested, const std::string& fault) {
  throw cni::Error{cni::ErrorCode::invalid_config, "requested address " + cni::to_string(requested) + " " + fault,
                   "request another address of the configured ranges"};
}

void check_gateways(const std::vector<RangeSet>& sets, const cni::IpAddress& requested) {
  for (const auto& set : sets) {
    for (const auto& range : set) {
      if (range.gateway == requested) reject(requested, "is the gateway of the subnet " + cni::to_string(range.subnet));
    }
  }
}

std::string to_string(const std::vector<RangeSet>& sets) {
  return text::joined(sets, ",", [](const RangeSet& set) { return ipam::to_string(set); });
}

void check_request(const std::vector<RangeSet>& sets, const cni::IpAddress& requested) {
  check_gateways(sets, requested);
  for (const auto& set : sets) {
    const Range* const range = find_range(set, requested);
    if (range == nullptr) continue;
    if (const auto* prefix = find_exclusion(*range, requested))
      reject(requested, "is excluded by " + cni::to_string(*prefix));
    return;
  }
  reject(requested, "is in none of the ranges " + to_string(sets));
}

std::optional<cni::IpAddress> first_inside(const RangeSet& set, const std::vector<cni::RequestedAddress>& requests) {
  const auto inside = [&](const cni::RequestedAddress& request) { return find_range(set, request.address) != nullptr; };
  const auto found = std::ranges::find_if(requests, inside);
  if (found == requests.end()) return std::nullopt;
  return found->address;
}

std::vector<cni::IpAddress> merged(const std::vector<cni::IpAddress>& left, const std::vector<cni::IpAddress>& right) {
  std::vector<cni::IpAddress> all;
  std::ranges::set_union(left, right, std::back_inserter(all));
  return all;
}

/// nullopt if every address of the set is taken, or among the `foreign` ones, which are in ascending order. The search
/// begins at the first address of the set if there is no cursor or the cursor is no longer in the set.
std::optional<cni::IpAddress> find_free_after(const state::Folder& folder, const std::string& network,
                                              const RangeSet& set, const std::optional<cni::IpAddress>& cursor,
                                              const std::vector<cni::IpAddress>& foreign) {
  const auto first = cursor ? next_candidate(set, *cursor) : first_candidate(set);
  if (!first) return std::nullopt;
  cni::IpAddress address = *first;
  const auto is_taken = [&] {
    return std::ranges::binary_search(foreign, address) || folder.addresses.is_taken(network, address);
  };
  for (int checks = 1; is_taken(); ++checks) {
    if (checks == checks_before_listing)
      return next_free(set, address, merged(folder.addresses.list_addresses(network), foreign));
    address = next_candidate(set, address).value_or(*first);
    if (address == *first) return std::nullopt;
  }
  return address;
}

cni::Error range_set_full(const state::Folder& folder, const std::string& network, const RangeSet& set,
                          const std::vector<cni::IpAddress>& foreign) {
  const auto taken = merged(folder.addresses.list_addresses(network), foreign);
  const auto inside = [&](const cni::IpAddress& address) { return find_range(set, address) != nullptr; };
  const auto count = std::ranges::count_if(taken, inside);
  return {
      cni::ErrorCode::addresses_exhausted,
      "no IP addresses available in range set " + ipam::to_string(set) + ": " + std::to_string(count) + " are taken",
      "configure a larger range, or release the addresses of containers that no longer exist: see \"vethctl gc\""};
}

cni::LeasedAddress leased(const RangeSet& set, const cni::IpAddress& address) {
  const Range& range = *find_range(set, address);
  return {.address = {.address = address, .length = range.subnet.length}, .gateway = range.gateway};
}

/// In mode netns the result also contains the configured addresses of the other end.
bool is_of_peer(const cni::NetworkConfig& config, const cni::IpAddress& address) {
  const auto& addresses = config.peer.addresses;
  return std::ranges::find(addresses, address, &cni::Prefix::address) != addresses.end();
}

}  // namespace

std::vector<std::optional<cni::IpAddress>> assign_requests(const std::vector<RangeSet>& sets,
                                                           const std::vector<cni::RequestedAddress>& requests) {
  for (const auto& request : requests) check_request(sets, request.address);
  std::vector<std::optional<cni::IpAddress>> assigned;
  assigned.reserve(sets.size());
  for (const auto& set : sets) assigned.push_back(first_inside(set, requests));
  std::string rest;
  for (const auto& request : requests) {
    const auto used = std::ranges::find(assigned, request.address) != assigned.end();
    if (!used) rest += " " + cni::to_string(request.address);
  }
  if (rest.empty()) return assigned;
  throw cni::Error{cni::ErrorCode::invalid_config, "failed to allocate all requested addresses:" + rest,
                   "request at most one address of each range set"};
}

Allocation RangeIpam::allocate() {
  if (folder_ == nullptr)
    throw cni::Error{cni::ErrorCode::internal, "cannot allocate addresses: there is no state folder"};
  const auto sets = checked_range_sets(request_.config);
  const auto requests = assign_requests(sets, request_.config.requested.addresses);
  auto picked = reserve(sets, requests);
  if (auto* failure = std::get_if<AllocationFailure>(&picked)) return std::move(*failure);
  const auto& addresses = std::get<std::vector<cni::IpAddress>>(picked);
  cni::Lease lease = lease_without_addresses(request_.config.ipam);
  for (std::size_t index = 0; index < sets.size(); ++index) {
    lease.addresses.push_back(leased(sets[index], addresses[index]));
  }
  return lease;
}

/// The network's lock excludes other allocations. Retries if a process takes an address without holding the lock, and
/// if another network on the same bridge holds it: then all addresses of the others are read.
RangeIpam::Picked RangeIpam::reserve(const std::vector<RangeSet>& sets, const Requests& requests) {
  constexpr int attempts = 8;
  const std::string& network = request_.attachment.network;
  Reservation reservation{*folder_, request_};
  const auto lock = folder_->locks.network(network);
  std::vector<cni::IpAddress> foreign;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    auto cursors = folder_->addresses.cursors(network, sets.size());
    auto picked = pick(sets, requests, cursors, foreign);
    const auto* addresses = std::get_if<std::vector<cni::IpAddress>>(&picked);
    if (addresses == nullptr) return picked;
    advance_cursors(std::move(cursors), *addresses, requests);
    const auto occupied = reservation.take(*addresses);
    if (!occupied) return picked;
    if (std::ranges::find(requests, *occupied) != requests.end())
      return requested_address_in_use(*folder_, request_, *occupied);
    foreign = held_by_others_on_bridge();
  }
  throw cni::Error{cni::ErrorCode::try_again_later,
                   "cannot allocate addresses of network " + text::quoted(network) +
                       ": another process takes them without the lock of the network",
                   "find the process that writes to " + text::quoted(folder_->path())};
}

std::vector<cni::IpAddress> RangeIpam::held_by_others_on_bridge() const {
  const auto bridge = cni::bridge_segment_of(request_.config);
  if (bridge.empty()) return {};
  return folder_->bridges.held_by_others(bridge, request_.attachment.network);
}

RangeIpam::Picked RangeIpam::pick(const std::vector<RangeSet>& sets, const Requests& requests,
                                  const state::Cursors& cursors, const std::vector<cni::IpAddress>& foreign) const {
  const std::string& network = request_.attachment.network;
  std::vector<cni::IpAddress> addresses;
  for (std::size_t index = 0; index < sets.size(); ++index) {
    const auto address =
        requests[index] ? requests[index] : find_free_after(*folder_, network, sets[index], cursors[index], foreign);
    if (!address) return AllocationFailure{.error = range_set_full(*folder_, network, sets[index], foreign)};
    addresses.push_back(*address);
  }
  return addresses;
}

/// Called before the addresses are taken: if the process ends in between, only the start of the next search has
/// changed.
void RangeIpam::advance_cursors(state::Cursors cursors, const std::vector<cni::IpAddress>& addresses,
                                const Requests& requests) {
  bool has_moved = false;
  for (std::size_t index = 0; index < addresses.size(); ++index) {
    if (requests[index]) continue;
    cursors[index] = addresses[index];
    has_moved = true;
  }
  if (has_moved) folder_->addresses.set_cursors(request_.attachment.network, cursors);
}

/// Ignores addresses of the previous result that are outside the configured ranges.
void RangeIpam::check() {
  const auto sets = checked_range_sets(request_.config);
  check_reservation(request_, folder_, [&](const cni::IpAddress& address) {
    return !is_of_peer(request_.config, address) &&
           std::ranges::any_of(sets, [&](const RangeSet& set) { return find_range(set, address) != nullptr; });
  });
}

void RangeIpam::gc(const std::set<cni::Tag>& valid) { release_unrecorded(request_, folder_, valid); }

void RangeIpam::status() {
  const auto sets = checked_range_sets(request_.config);
  if (folder_ == nullptr) return;
  const auto cursors = folder_->addresses.cursors(request_.attachment.network, sets.size());
  const auto picked = pick(sets, Requests(sets.size()), cursors, held_by_others_on_bridge());
  if (const auto* failure = std::get_if<AllocationFailure>(&picked)) throw failure->error;
}

}  // namespace ipam
