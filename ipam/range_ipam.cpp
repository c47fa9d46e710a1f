#include "ipam/range_ipam.hpp"

#include "ipam/free_address.hpp"
#include "ipam/reservation.hpp"
#include "ipam/resolv_conf.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace ipam {
namespace {

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

cni::Error range_set_full(const RangeSet& set, std::size_t taken) {
  return {
      cni::ErrorCode::addresses_exhausted,
      "no IP addresses available in range set " + ipam::to_string(set) + ": " + std::to_string(taken) + " are taken",
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
    const auto keep = [&](std::size_t set, const std::vector<cni::IpAddress>& free) { keep_free_list(set, free); };
    auto picked = pick({sets, requests, cursors, foreign}, keep);
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

RangeIpam::Picked RangeIpam::pick(const Choice& choice, const KeepFreeList& keep) const {
  std::vector<cni::IpAddress> addresses;
  for (std::size_t index = 0; index < choice.sets.size(); ++index) {
    if (const auto& requested = choice.requests[index]) {
      addresses.push_back(*requested);
      continue;
    }
    const auto& set = choice.sets[index];
    const auto found =
        find_free_address(*folder_, {request_.attachment.network, index, set, choice.cursors[index], choice.foreign});
    if (found.new_free_list) keep(index, *found.new_free_list);
    if (!found.address) return AllocationFailure{.error = range_set_full(set, found.taken)};
    addresses.push_back(*found.address);
  }
  return addresses;
}

/// Without the list, the next search takes longer.
void RangeIpam::keep_free_list(std::size_t set, const std::vector<cni::IpAddress>& free) {
  try {
    folder_->addresses.set_free_list(request_.attachment.network, set, free);
  } catch (const std::system_error&) {
    return;
  }
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
  const auto keep = [](std::size_t, const std::vector<cni::IpAddress>&) {};  // needs the lock of the network
  const auto picked = pick({sets, Requests(sets.size()), cursors, held_by_others_on_bridge()}, keep);
  if (const auto* failure = std::get_if<AllocationFailure>(&picked)) throw failure->error;
}

}  // namespace ipam
