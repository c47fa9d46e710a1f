#include "plugin/verbs/lease.hpp"

#include "ipam/ipam.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/cni/result.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/verbs/detach.hpp"
#include "plugin/verbs/rollback.hpp"
#include "plugin/verbs/state_folder.hpp"
#include "plugin/verbs/status.hpp"

#include <optional>
#include <set>
#include <utility>

namespace verbs {
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

/// Takes back what an ADD that never ended has left; a lease that was answered stands until its DEL.
void make_room(const cni::Request& request, ipam::Ipam& ipam, state::Folder& folder) {
  const auto stored = folder.find_record(request.attachment);
  if (!stored) return;
  if (stored->stage == state::Stage::live) {
    throw cni::Error{cni::ErrorCode::already_attached,
                     "interface \"" + request.attachment.interface + "\" of container \"" +
                         request.attachment.container + "\" has addresses of network \"" + request.attachment.network +
                         "\" already",
                     "DEL it before it is added again"};
  }
  ipam.release();
  folder.forget(request.attachment.network, stored->tag);
}

void add(const cni::Request& request, const Print& print) {
  auto folder = open_folder(root_of(request), request.attachment.network);
  const auto lock = folder.lock(request.attachment);
  const auto ipam = ipam::choose(request, &folder);
  make_room(request, *ipam, folder);
  Rollback rollback;
  rollback.protect([&] {
    const auto lease = ipam->allocate();
    rollback.on_failure([&] { folder.forget(request.attachment.network, cni::tag_of(request.attachment)); });
    rollback.on_failure([&] { ipam->release(); });
    folder.mark_live(request.attachment);
    print(cni::to_json(result_of(lease), request.config.version));
  });
}

void del(const cni::Request& request) {
  auto folder = find_folder(root_of(request), request.attachment.network);
  if (!folder) return;
  const auto lock = folder->lock(request.attachment);
  ipam::choose(request, &*folder)->release();
  folder->forget(request.attachment.network, cni::tag_of(request.attachment));
}

void check(const cni::Request& request) {
  auto folder = find_folder(root_of(request), request.attachment.network);
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

/// Each under its lock, so that a lease that is being taken now is left alone.
void release_stale(const std::string& network, const std::set<cni::Tag>& valid, state::Folder& folder) {
  for (const auto& listed : folder.records(network)) {
    if (valid.contains(listed.tag)) continue;
    const auto lock = folder.try_lock(listed.tag);
    if (!lock) continue;
    const auto stored = folder.find_record(network, listed.tag);
    if (stored && stored->record) release_recorded(*stored->record, folder);
    folder.forget(network, listed.tag);
  }
}

void gc(const cni::Request& request) {
  auto folder = find_folder(root_of(request), request.attachment.network);
  const auto valid = valid_tags(request);
  if (!folder || !valid) return;
  release_stale(request.attachment.network, *valid, *folder);
  ipam::choose(request, &*folder)->collect(*valid);
}

void status(const cni::Request& request) try {
  auto folder = open_folder(root_of(request), request.attachment.network);
  folder.check_writable();
  ipam::choose(request, &folder)->check_ready();
} catch (const cni::Error& error) {
  const bool is_full = error.code == static_cast<unsigned>(cni::ErrorCode::addresses_exhausted);
  if (!is_full || !request.config.ready_when_full) throw_not_available(error);
}

}  // namespace

void serve_lease(cni::Call call, const Print& print) {
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

}  // namespace verbs
