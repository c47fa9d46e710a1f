#include "plugin/veth_ipam/serve.hpp"

#include "ipam/ipam.hpp"
#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/locked_batches.hpp"
#include "plugin/attachment/rollback.hpp"
#include "plugin/attachment/state_folder.hpp"
#include "plugin/attachment/teardown.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/cni/result.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/text/quoted.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace veth_ipam {
namespace {

using Print = std::function<void(std::string_view)>;

std::string root_of(const cni::Request& request) {
  const auto& data_dir = request.config.ipam.data_dir;
  return data_dir.empty() ? std::string{state::default_root} : data_dir;
}

cni::Result result_of(const cni::Lease& lease) {
  cni::Result result;
  result.routes = lease.routes;
  result.dns = lease.dns;
  for (const auto& leased : lease.addresses) {
    result.addresses.push_back({std::nullopt, leased.address, leased.gateway});
  }
  return result;
}

/// By the record; what another plugin has in the kernel is not ours to remove.
wiring::Footprint lease_footprint(const state::StoredRecord& stored, const std::string& network,
                                  const state::Folder& folder) {
  auto footprint = attachment::lease_footprint(stored.tag, network);
  footprint.addresses = attachment::footprint_of(stored, network, folder).addresses;
  return footprint;
}

void tear_down(std::vector<wiring::Footprint> batch, state::Folder& folder) {
  attachment::BestEffort effort;
  attachment::tear_down(std::move(batch), {.folder = &folder}, effort);
  effort.finish();
}

/// Takes back what an ADD that never ended has left; a lease that was answered stays until its DEL.
void clear_stale_lease(const cni::Request& request, state::Folder& folder) {
  const auto stored = folder.records.find(request.attachment);
  if (!stored) return;
  if (stored->stage == state::Stage::live) {
    throw cni::Error{cni::ErrorCode::already_attached,
                     "interface " + text::quoted(request.attachment.interface) + " of container " +
                         text::quoted(request.attachment.container) + " has addresses of network " +
                         text::quoted(request.attachment.network) + " already",
                     "DEL it before it is added again"};
  }
  tear_down({lease_footprint(*stored, request.attachment.network, folder)}, folder);
}

/// The caller has its answer: a record that stays pending only means that a later ADD may replace it.
void mark_live(const cni::Attachment& attachment, state::Folder& folder) {
  try {
    folder.records.mark_live(attachment, {});
  } catch (const std::system_error&) {
    return;
  }
}

void add(const cni::Request& request, const Print& print) {
  auto folder = attachment::open_folder(root_of(request), request.attachment.network);
  const auto lock = folder.locks.attachment(request.attachment);
  clear_stale_lease(request, folder);
  auto allocation = ipam::choose(request, &folder)->allocate();
  if (const auto* shortage = std::get_if<ipam::Shortage>(&allocation)) throw shortage->error;
  const auto& lease = std::get<cni::Lease>(allocation);
  auto footprint = attachment::lease_footprint(cni::tag_of(request.attachment), request.attachment.network);
  for (const auto& leased : lease.addresses) footprint.addresses.push_back(leased.address.address);
  attachment::Rollback rollback{"veth-ipam", footprint, {.folder = &folder}};
  rollback.arm(nullptr);
  rollback.protect([&] { print(cni::to_json(result_of(lease), request.config.version)); });
  mark_live(request.attachment, folder);
}

void del(const cni::Request& request) {
  auto folder = attachment::find_folder(root_of(request), request.attachment.network);
  if (!folder) return;
  const auto lock = folder->locks.attachment(request.attachment);
  const auto stored = folder->records.find(request.attachment);
  if (stored) tear_down({lease_footprint(*stored, request.attachment.network, *folder)}, *folder);
}

void check(const cni::Request& request) {
  auto folder = attachment::find_folder(root_of(request), request.attachment.network);
  ipam::choose(request, folder ? &*folder : nullptr)->check();
}

std::optional<std::set<cni::Tag>> valid_tags(const cni::Request& request) {
  if (!request.config.valid_attachments) return std::nullopt;
  std::set<cni::Tag> valid;
  for (const auto& [container, interface] : *request.config.valid_attachments) {
    valid.insert(cni::tag_of({request.attachment.network, container, interface}));
  }
  return valid;
}

/// Those of a batch, and records that were never completed.
std::vector<wiring::Footprint> lease_footprints(const attachment::LockedBatch& batch, const std::string& network,
                                                const state::Folder& folder) {
  std::vector<wiring::Footprint> footprints;
  std::set<cni::Tag> incomplete{batch.tags.begin(), batch.tags.end()};
  for (const auto& stored : batch.records) {
    incomplete.erase(stored.tag);
    footprints.push_back(lease_footprint(stored, network, folder));
  }
  for (const auto tag : incomplete) footprints.push_back(attachment::lease_footprint(tag, network));
  return footprints;
}

/// A lock that a tool holds for a moment is waited for. False where another call has not released one: its lease is
/// left alone.
bool release_stale(const std::string& network, const std::set<cni::Tag>& valid, state::Folder& folder) {
  constexpr std::chrono::milliseconds patience{1000};
  const auto deadline = std::chrono::steady_clock::now() + patience;
  auto tags = folder.records.tags(network);
  std::erase_if(tags, [&](cni::Tag tag) { return valid.contains(tag); });
  bool is_complete = true;
  attachment::for_each_batch(tags, [&](std::span<const cni::Tag> piece) {
    const auto batch = attachment::lock_batch(network, piece, folder, deadline);
    is_complete = is_complete && batch.busy.empty();
    tear_down(lease_footprints(batch, network, folder), folder);
  });
  return is_complete;
}

void gc(const cni::Request& request) {
  auto folder = attachment::find_folder(root_of(request), request.attachment.network);
  const auto valid = valid_tags(request);
  if (!folder || !valid) return;
  const bool is_complete = release_stale(request.attachment.network, *valid, *folder);
  ipam::choose(request, &*folder)->collect(*valid);
  if (is_complete) return;
  throw cni::Error{cni::ErrorCode::try_again_later, "another call holds the lock of a stale lease",
                   "look for a hung \"veth-ipam\" process (ps -C veth,veth-ipam) and call GC again"};
}

void status(const cni::Request& request) try {
  auto folder = attachment::open_folder(root_of(request), request.attachment.network);
  folder.check_writable();
  ipam::choose(request, &folder)->check_ready();
} catch (const cni::Error& error) {
  const bool is_full = error.code == static_cast<unsigned>(cni::ErrorCode::addresses_exhausted);
  if (!is_full) throw;
  if (!request.config.ready_when_full) throw cni::not_available(error.message, error.details);
}

}  // namespace

void serve(cni::Call call, const Print& print) {
  const auto request = cni::parse_request(call.environment, std::move(call.input), cni::Role::ipam);
  cni::lap(call.stopwatch, "read");
  switch (request.verb) {
    case cni::Verb::add:
      return add(request, print);
    case cni::Verb::del:
      return del(request);
    case cni::Verb::check:
      return check(request);
    case cni::Verb::gc:
      return gc(request);
    case cni::Verb::status:
      return status(request);
    case cni::Verb::version:
      return;
  }
}

}  // namespace veth_ipam
