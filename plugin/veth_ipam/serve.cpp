#include "plugin/veth_ipam/serve.hpp"

#include "ipam/exec_ipam.hpp"
#include "ipam/ipam.hpp"
#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/locked_batches.hpp"
#include "plugin/attachment/pool_status.hpp"
#include "plugin/attachment/rollback.hpp"
#include "plugin/attachment/state_folder.hpp"
#include "plugin/attachment/teardown.hpp"
#include "plugin/attachment/valid_attachments.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/cni/result.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/veth_ipam/lease_result.hpp"

#include <chrono>
#include <cstdlib>
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

/// Objects in the kernel belong to the calling plugin and are not removed. No address is claimed on a bridge.
wiring::Footprint lease_footprint(cni::Tag tag, const std::string& network) {
  auto footprint = attachment::lease_footprint(tag, network);
  footprint.bridge_segment = "";
  return footprint;
}

/// From the record.
wiring::Footprint lease_footprint(const state::StoredRecord& stored, const std::string& network,
                                  const state::Folder& folder) {
  auto footprint = lease_footprint(stored.tag, network);
  footprint.addresses = attachment::footprint_of(stored, network, folder).addresses;
  return footprint;
}

void tear_down(std::vector<wiring::Footprint> batch, state::Folder& folder) {
  attachment::tear_down_or_throw(std::move(batch), {.folder = &folder});
}

/// Removes the lease of an unfinished ADD. A live lease is kept until its DEL.
void clear_stale_lease(const cni::Request& request, state::Folder& folder) {
  const auto stored = folder.records.find(request.attachment);
  if (!stored) return;
  if (stored->stage == state::Stage::live) {
    throw cni::Error{cni::ErrorCode::already_attached,
                     "interface " + text::quoted(request.attachment.interface) + " of container " +
                         text::quoted(request.attachment.container) + " already has addresses of network " +
                         text::quoted(request.attachment.network),
                     "call DEL before ADD"};
  }
  tear_down({lease_footprint(*stored, request.attachment.network, folder)}, folder);
}

/// The result is printed already, so a failure is ignored: a later ADD may then replace the pending record.
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
  auto allocation = ipam::make_ipam(request, &folder)->allocate();
  if (const auto* failure = std::get_if<ipam::AllocationFailure>(&allocation)) throw failure->error;
  const auto& lease = std::get<cni::Lease>(allocation);
  auto footprint = lease_footprint(cni::tag_of(request.attachment), request.attachment.network);
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
  const auto& network = request.attachment.network;
  const auto stored = folder->records.find(request.attachment);
  // Without a record, too: a killed ADD may have left the temporary file of one.
  tear_down(
      {stored ? lease_footprint(*stored, network, *folder) : lease_footprint(cni::tag_of(request.attachment), network)},
      *folder);
}

void check(const cni::Request& request) {
  auto folder = attachment::find_folder(root_of(request), request.attachment.network);
  ipam::make_ipam(request, folder ? &*folder : nullptr)->check();
}

/// Of all attachments of a batch, including those whose ADD did not finish writing the record.
std::vector<wiring::Footprint> lease_footprints(const attachment::LockedBatch& batch, const std::string& network,
                                                const state::Folder& folder) {
  std::vector<wiring::Footprint> footprints;
  std::set<cni::Tag> incomplete{batch.tags.begin(), batch.tags.end()};
  for (const auto& stored : batch.records) {
    incomplete.erase(stored.tag);
    footprints.push_back(lease_footprint(stored, network, folder));
  }
  for (const auto tag : incomplete) footprints.push_back(lease_footprint(tag, network));
  return footprints;
}

/// Waits up to 1 s for locks, which tools hold briefly. False where a lock was not released: that lease is skipped.
bool release_stale(const std::string& network, const std::set<cni::Tag>& valid, state::Folder& folder) {
  constexpr std::chrono::milliseconds timeout{1000};
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  auto tags = folder.records.tags(network);
  std::erase_if(tags, [&](cni::Tag tag) { return valid.contains(tag); });
  bool is_complete = true;
  attachment::for_each_batch(tags, [&](std::span<const cni::Tag> batch_tags) {
    const auto batch = attachment::lock_batch(network, batch_tags, folder, deadline);
    is_complete = is_complete && batch.busy.empty();
    tear_down(lease_footprints(batch, network, folder), folder);
  });
  return is_complete;
}

void gc(const cni::Request& request) {
  auto folder = attachment::find_folder(root_of(request), request.attachment.network);
  const auto valid = attachment::valid_tags(request);
  if (!folder || !valid) return;
  const bool is_complete = release_stale(request.attachment.network, *valid, *folder);
  ipam::make_ipam(request, &*folder)->gc(*valid);
  if (is_complete) return;
  throw cni::Error{cni::ErrorCode::try_again_later, "another call holds the lock of a stale lease",
                   "look for a hung \"veth-ipam\" process (ps -C veth,veth-ipam) and call GC again"};
}

void status(const cni::Request& request) {
  auto folder = attachment::open_folder(root_of(request), request.attachment.network);
  folder.check_writable();
  attachment::check_pool(request, {.folder = &folder});
}

/// The caller is veth, for the same attachment, with a link to this program as its IPAM: both would use the same lock
/// and the same record.
bool is_delegate_of_itself(const cni::Request& request) {
  const char* const caller = std::getenv(ipam::caller_variable);
  return caller != nullptr && cni::to_string(cni::tag_of(request.attachment)) == caller;
}

[[noreturn]] void refuse_itself() {
  throw cni::Error{cni::ErrorCode::invalid_config, "/ipam/type: is another name of veth-ipam, which veth contains",
                   R"(set it to "veth-ipam", or to "host-local" or "static" for the reference plugins of these names)"};
}

}  // namespace

void serve(cni::Call call, const Print& print) {
  const auto request = cni::parse_request(call.environment, std::move(call.input), cni::Role::ipam);
  cni::lap(call.stopwatch, "read");
  if (is_delegate_of_itself(request)) {
    const bool is_removal = request.verb == cni::Verb::del || request.verb == cni::Verb::gc;
    if (is_removal) return;  // nothing was allocated
    refuse_itself();
  }
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
