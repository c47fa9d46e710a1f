#include "plugin/attachment/ovs_ports.hpp"

#include "plugin/attachment/footprints.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/state/location.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <system_error>
#include <utility>

namespace attachment {
namespace {

using wiring::Footprint;
using Uuids = std::vector<std::string>;

[[noreturn]] void throw_unreachable(const std::system_error& error) {
  throw cni::Error{cni::ErrorCode::try_again_later, error.what(),
                   "is Open vSwitch running? The key socket names the unix socket of its database"};
}

ovs::NewPort new_port(const wiring::Wiring& wiring, const state::Folder& folder) {
  const bool is_of_container = !wiring.bridge;
  return {.attachment = wiring.attachment,
          .interface = wiring::ovs_end(wiring).name,
          .node = folder.name(),
          .attached_mac = is_of_container ? cni::to_string(wiring.container.mac) : std::string{},
          .settings = *wiring.ovs_port};
}

Uuids uuids_of(const std::vector<ovs::StoredPort>& ports) {
  Uuids uuids;
  std::ranges::transform(ports, std::back_inserter(uuids), &ovs::StoredPort::uuid);
  return uuids;
}

/// The attachment may be added at the moment, or have no end but a record.
bool may_be_in_use(cni::Tag tag, const state::Folder& folder) {
  return !folder.locks.try_attachment(tag) || folder.records.find_network(tag);
}

/// Those of this node instance that are not in use. Ports of other hosts that share the database are kept.
bool is_stale(const ovs::StoredPort& port, kernel::Kernel& kernel, const state::Folder& folder) {
  const auto own = folder.name();
  if (state::belongs_to_another_boot(port.node, own)) return true;
  const auto tag = cni::tag_of(port.attachment);
  if (port.node != own || may_be_in_use(tag, folder)) return false;
  const auto footprint = footprint_of(tag, port.attachment.network);
  return !kernel.find_ends({&footprint, 1}, kernel::Search::full).front();
}

/// Once for each database and state folder: a database outlives the boot.
void remove_stale_ports(const std::string& socket, const Node& node, cni::Tag own) {
  if (node.folder->ovs.is_clean(socket)) return;
  ovs::clear_ports(socket, uuids_of(find_stale_ports(socket, *node.kernel, *node.folder, own)));
  node.folder->ovs.mark_clean(socket);
}

/// Orphans of a database, with the locks of their attachments.
struct LockedOrphans {
  std::vector<posix::ByteLock> locks;
  std::vector<cni::Tag> tags;
};

/// An orphan may have been removed, and its attachment added again, before the lock was taken.
LockedOrphans lock_orphans(const std::vector<cni::Tag>& tags, const state::Folder& folder,
                           std::optional<cni::Tag> own) {
  LockedOrphans locked;
  for (const auto tag : tags) {
    auto lock = tag == own ? std::nullopt : folder.locks.try_attachment(tag);
    if ((!lock && tag != own) || !folder.ovs.has_orphan(tag)) continue;
    if (lock) locked.locks.push_back(*std::move(lock));
    locked.tags.push_back(tag);
  }
  return locked;
}

void remove_orphans(const std::string& socket, const std::vector<cni::Tag>& tags, state::Folder& folder) {
  Uuids uuids;
  std::ranges::transform(tags, std::back_inserter(uuids), ovs::port_uuid);
  ovs::clear_ports(socket, uuids);
  for (const auto tag : tags) folder.ovs.remove_orphan(tag);
}

std::map<std::string, std::vector<cni::Tag>> tags_by_socket(const std::vector<Footprint>& batch) {
  std::map<std::string, std::vector<cni::Tag>> tags;
  for (const auto& footprint : batch) {
    if (footprint.ovs_port) tags[footprint.ovs_port->socket].push_back(footprint.tag);
  }
  return tags;
}

void keep_for_later(const std::string& socket, const std::vector<cni::Tag>& tags, state::Folder& folder) {
  for (const auto tag : tags) folder.ovs.add_orphan({tag, socket});
}

}  // namespace

void OvsAddition::request() try {
  const auto tag = cni::tag_of(wiring_.attachment);
  const auto& settings = *wiring_.ovs_port;
  remove_stale_ports(settings.socket, node_, tag);
  remove_orphaned_ports(settings.socket, *node_.folder, tag);
  footprint_.ovs_port = wiring::OvsLocation{.socket = settings.socket, .bridge = settings.bridge};
  addition_.emplace(new_port(wiring_, *node_.folder));
  try {
    addition_->request();
  } catch (const std::system_error&) {
    footprint_.ovs_port.reset();
    throw;
  }
} catch (const std::system_error& error) {
  throw_unreachable(error);
}

/// Policing is done by the kernel, after a datapath in user space has received the packets.
bool OvsAddition::wait() {
  bool is_in_user_space = false;
  try {
    is_in_user_space = addition_->wait();
  } catch (const std::system_error& error) {
    forget();
    throw_unreachable(error);
  }
  if (!is_in_user_space || wiring_.ovs_port->policing_rate == 0) return is_in_user_space;
  throw cni::Error{cni::ErrorCode::invalid_config,
                   "/bandwidth/egressRate: not possible on a bridge with datapath_type netdev",
                   "remove the key, or use a QoS policy of Open vSwitch"};
}

/// The request may take effect later, when the database answers again. The rollback does not wait for it again.
void OvsAddition::forget() {
  keep_for_later(footprint_.ovs_port->socket, {footprint_.tag}, *node_.folder);
  footprint_.ovs_port.reset();
}

void remove_ovs_ports(const std::vector<Footprint>& batch, const Node& node, BestEffort& effort) {
  for (const auto& [socket, tags] : tags_by_socket(batch)) {
    const auto* path = &socket;
    const auto* ports = &tags;
    BestEffort attempt;
    bool is_applied = false;
    const bool is_removed = attempt.attempt([&] {
      Uuids uuids;
      std::ranges::transform(*ports, std::back_inserter(uuids), ovs::port_uuid);
      is_applied = ovs::remove_ports(*path, uuids);
    });
    if (node.folder == nullptr) continue;
    effort.attempt([&] {
      if (!is_removed || !is_applied) return keep_for_later(*path, *ports, *node.folder);
      for (const auto tag : *ports) node.folder->ovs.remove_orphan(tag);
    });
  }
}

std::size_t remove_orphaned_ports(const std::string& socket, state::Folder& folder, std::optional<cni::Tag> own) {
  std::map<std::string, std::vector<cni::Tag>> by_socket;
  for (const auto& orphan : folder.ovs.orphans()) {
    if (socket.empty() || orphan.socket == socket) by_socket[orphan.socket].push_back(orphan.tag);
  }
  std::size_t count = 0;
  for (const auto& [database, tags] : by_socket) {
    const auto locked = lock_orphans(tags, folder, own);
    remove_orphans(database, locked.tags, folder);
    count += locked.tags.size();
  }
  return count;
}

std::vector<ovs::StoredPort> find_stale_ports(const std::string& socket, kernel::Kernel& kernel,
                                              const state::Folder& folder, std::optional<cni::Tag> own) {
  auto ports = ovs::list_ports(socket);
  std::erase_if(ports, [&](const ovs::StoredPort& port) {
    return cni::tag_of(port.attachment) == own || !is_stale(port, kernel, folder);
  });
  return ports;
}

std::vector<std::string> clean_ovs(kernel::Kernel& kernel, state::Folder& folder, bool is_dry_run) {
  Uuids cleaned;
  for (const auto& orphan : folder.ovs.orphans()) cleaned.push_back(ovs::port_uuid(orphan.tag));
  if (!is_dry_run) remove_orphaned_ports("", folder);
  for (const auto& socket : folder.ovs.databases()) {
    const auto uuids = uuids_of(find_stale_ports(socket, kernel, folder));
    if (!is_dry_run) ovs::clear_ports(socket, uuids);
    cleaned.insert(cleaned.end(), uuids.begin(), uuids.end());
  }
  std::ranges::sort(cleaned);
  cleaned.erase(std::unique(cleaned.begin(), cleaned.end()), cleaned.end());
  return cleaned;
}

kernel::OvsConnector reconnector(const wiring::Wiring& wiring, kernel::Kernel& kernel, state::Folder& folder) {
  return {.wait = [&wiring, &kernel, &folder] {
    auto footprint = footprint_of(cni::tag_of(wiring.attachment), wiring.attachment.network);
    const auto uuid = ovs::port_uuid(footprint.tag);
    ovs::clear_ports(wiring.ovs_port->socket, {&uuid, 1});
    OvsAddition addition{wiring, {.kernel = &kernel, .folder = &folder}, footprint};
    addition.request();
    return addition.wait();
  }};
}

void OvsReader::observe(const wiring::Wiring& wanted, wiring::Observed& observed) {
  if (!wanted.ovs_port) return;
  const auto& settings = *wanted.ovs_port;
  if (const auto failure = failures_.find(settings.socket); failure != failures_.end()) {
    observed.ovs_error = failure->second;
    return;
  }
  try {
    observed.ovs_port = ovs::find_port(settings, cni::tag_of(wanted.attachment), wiring::ovs_end(wanted).name);
  } catch (const std::system_error& error) {
    observed.ovs_error = failures_[settings.socket] = error.what();
  } catch (const cni::Error& error) {
    observed.ovs_error = error.what();
  }
}

bool OvsReader::has_failed(const std::string& socket) const { return failures_.contains(socket); }

void observe_ovs(const wiring::Wiring& wanted, wiring::Observed& observed) { OvsReader{}.observe(wanted, observed); }

void check_ovs(const cni::NetworkConfig& config) try {
  if (config.mode == cni::Mode::ovs) ovs::check_ready(config.ovs.socket, config.ovs.bridge);
} catch (const std::system_error& error) {
  throw cni::not_available(error.what());
} catch (const cni::Error& error) {
  throw cni::not_available(error.message, error.details);
}

}  // namespace attachment
