#include "ipam/host_local_ipam.hpp"

#include "ipam/resolv_conf.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/text/quoted.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace ipam {
namespace {

constexpr auto default_data_dir = "/var/lib/cni/networks";

// Number of addresses that are tried one by one before the list of all leases is read.
constexpr int tries_before_listing = 64;

/// The texts are those of the reference plugin.
std::string failure_of(std::size_t set_index) {
  return "failed to allocate for range " + std::to_string(set_index) + ": ";
}

cni::Error full_error(const RangeSet& set, const std::string& start) {
  return {cni::ErrorCode::addresses_exhausted, start + "no IP addresses available in range set: " + to_string(set),
          "configure a larger range, or delete the lease files of containers that no longer exist"};
}

cni::Error taken_error(const RangeSet& set, const cni::IpAddress& address, const std::string& start) {
  return {
      cni::ErrorCode::address_in_use,
      start + "requested IP address " + cni::to_string(address) + " is not available in range set " + to_string(set),
      "request another address, or delete the container that has it"};
}

/// For each set the requested address that it contains. Throws cni::Error for an address that is a gateway or in no
/// set, and if a set contains two of them.
std::vector<std::optional<cni::IpAddress>> assign(const std::vector<RangeSet>& sets,
                                                  std::vector<cni::RequestedAddress> requests) {
  std::vector<std::optional<cni::IpAddress>> assigned;
  for (const auto& set : sets) {
    const auto inside = [&](const cni::RequestedAddress& each) { return find_range(set, each.address) != nullptr; };
    const auto found = std::ranges::find_if(requests, inside);
    assigned.emplace_back();
    if (found == requests.end()) continue;
    assigned.back() = found->address;
    requests.erase(found);
    if (find_range(set, *assigned.back())->gateway != *assigned.back()) continue;
    throw cni::Error{cni::ErrorCode::invalid_config, failure_of(assigned.size() - 1) + "requested ip " +
                                                         cni::to_string(*assigned.back()) + " is subnet's gateway"};
  }
  std::string rest;
  for (const auto& each : requests) rest += ' ' + cni::to_string(each.address);
  if (rest.empty()) return assigned;
  throw cni::Error{cni::ErrorCode::invalid_config, "failed to allocate all requested IPs:" + rest};
}

/// The first free address after `last`, which is taken; nullopt if the set is full.
std::optional<cni::IpAddress> take_next(const RangeSet& set, const std::optional<cni::IpAddress>& last,
                                        const HostLocalFiles& files, const HostLocalHolder& holder) {
  auto address = last ? next_candidate(set, *last) : first_candidate(set);
  for (int tries = 0; address && tries < tries_before_listing; ++tries) {
    if (files.take(*address, holder)) return *address;
    address = next_candidate(set, *address);
  }
  if (address) address = next_free(set, *address, files.taken());
  return address && files.take(*address, holder) ? address : std::nullopt;
}

/// Of an attachment, as the reference plugin: leases of its old form only if there are no others.
std::vector<cni::IpAddress> held_by(const HostLocalHolder& holder, const HostLocalFiles& files) {
  auto held = files.held_by([&](const HostLocalHolder& found) { return found == holder; });
  if (!held.empty()) return held;
  return files.held_by(
      [&](const HostLocalHolder& found) { return found.container == holder.container && found.interface.empty(); });
}

}  // namespace

HostLocalIpam::HostLocalIpam(const cni::Request& request, cni::NetworkConfig config, Duplicates duplicates)
    : request_(request),
      config_(std::move(config)),
      duplicates_(duplicates),
      data_dir_(config_.ipam.data_dir.empty() ? default_data_dir : config_.ipam.data_dir),
      holder_{request.attachment.container, request.attachment.interface} {}

std::optional<HostLocalFiles> HostLocalIpam::find_files() const {
  return HostLocalFiles::find(data_dir_, request_.attachment.network);
}

Allocation HostLocalIpam::allocate() {
  const auto sets = checked_range_sets(config_);
  const auto requests = assign(sets, config_.requested.addresses);
  auto lease = lease_without_addresses(config_.ipam);
  const auto files = HostLocalFiles::open(data_dir_, request_.attachment.network);
  if (!config_.ipam.leases_survive_reboot) files.remove_leases_of_earlier_boots();
  try {
    for (std::size_t index = 0; index < sets.size(); ++index) {
      const auto& set = sets[index];
      const auto address = allocate_from(set, index, requests[index], files);
      const auto& range = *find_range(set, address);
      lease.addresses.push_back({.address = {address, range.subnet.length}, .gateway = range.gateway});
    }
  } catch (const std::exception&) {
    for (const auto& leased : lease.addresses) files.release(leased.address.address);
    throw;
  }
  return lease;
}

cni::IpAddress HostLocalIpam::allocate_from(const RangeSet& set, std::size_t index,
                                            const std::optional<cni::IpAddress>& requested,
                                            const HostLocalFiles& files) const {
  if (requested && !files.take(*requested, holder_)) throw taken_error(set, *requested, failure_of(index));
  if (!requested && duplicates_ == Duplicates::refuse) refuse_duplicate(index, set, files);
  const auto address = requested ? requested : take_next(set, files.last_reserved(index), files, holder_);
  if (!address) throw full_error(set, failure_of(index));
  try {
    files.set_last_reserved(index, *address);
  } catch (const std::exception&) {
    files.release(*address);
    throw;
  }
  return *address;
}

void HostLocalIpam::refuse_duplicate(std::size_t index, const RangeSet& set, const HostLocalFiles& files) const {
  for (const auto& address : held_by(holder_, files)) {
    if (find_range(set, address) == nullptr) continue;
    throw cni::Error{cni::ErrorCode::already_attached,
                     failure_of(index) + cni::to_string(address) + " has been allocated to " + holder_.container +
                         ", duplicate allocation is not allowed",
                     "call DEL before ADD"};
  }
}

bool HostLocalIpam::holds(const cni::IpAddress& address, const HostLocalFiles& files) const {
  return files.holder_of(address) == holder_;
}

/// The number of released addresses. They are those of the ADD, so that the leases of others need not be read.
std::size_t HostLocalIpam::release_of_previous_result(const HostLocalFiles& files) const {
  std::size_t count = 0;
  if (!config_.previous) return count;
  for (const auto& given : config_.previous->addresses) {
    if (!holds(given.address.address, files)) continue;
    files.release(given.address.address);
    ++count;
  }
  return count;
}

void HostLocalIpam::release() {
  const auto files = find_files();
  if (!files) return;
  const auto sets = config_.requested.ranges.size() + config_.ipam.ranges.size();
  const auto released = release_of_previous_result(*files);
  if (released > 0 && released >= sets) return;
  for (const auto& address : held_by(holder_, *files)) files->release(address);
}

void HostLocalIpam::check() {
  const auto files = find_files();
  const auto& previous = config_.previous;
  const bool has_previous = files && previous && std::ranges::any_of(previous->addresses, [&](const auto& given) {
                              return holds(given.address.address, *files);
                            });
  if (has_previous || (files && !held_by(holder_, *files).empty())) return;
  throw cni::Error{cni::ErrorCode::differs,
                   "host-local: Failed to find address added by container " + holder_.container,
                   "its lease file in " + text::quoted(data_dir_ + '/' + request_.attachment.network) +
                       " is missing: delete the container and create it again"};
}

void HostLocalIpam::gc(const std::set<cni::Tag>& valid) {
  const auto files = find_files();
  if (!files || !request_.config.valid_attachments) return;
  const auto& network = request_.attachment.network;
  const auto is_valid_container = [&](const std::string& container) {
    return std::ranges::find(*request_.config.valid_attachments, container, &cni::ValidAttachment::container) !=
           request_.config.valid_attachments->end();
  };
  const auto stale = files->held_by([&](const HostLocalHolder& holder) {
    if (holder.interface.empty()) return !is_valid_container(holder.container);
    return !valid.contains(cni::tag_of({network, holder.container, holder.interface}));
  });
  for (const auto& address : stale) files->release(address);
}

/// As the reference plugin, also if all addresses are taken: a runtime would consider the node unable to run any pod.
void HostLocalIpam::status() { checked_range_sets(config_); }

}  // namespace ipam
