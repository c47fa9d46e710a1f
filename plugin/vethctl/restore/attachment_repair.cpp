#include "plugin/vethctl/restore/attachment_repair.hpp"

#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/gateways.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/vethctl/inspect/lease_conflicts.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/inspect/unreachable_address.hpp"
#include "plugin/wiring/difference.hpp"
#include "plugin/wiring/text.hpp"

#include <algorithm>
#include <system_error>

namespace restore {
namespace {

using Differences = std::vector<wiring::Difference>;

bool contains(const Differences& differences, const wiring::Difference& difference) {
  return std::ranges::find(differences, difference) != differences.end();
}

std::string to_string(const kernel::Conflict& conflict) {
  if (conflict.kind == kernel::Conflict::Kind::host_port) {
    return "host port " + conflict.host_port + " is mapped to another container";
  }
  const auto address = cni::to_string(conflict.address);
  if (conflict.kind == kernel::Conflict::Kind::gateway) return "gateway " + address + " is an address of a container";
  if (conflict.is_host_address) return "the host itself has " + address + " (ip route get " + address + ")";
  if (conflict.route) {
    return "the host has another route to " + address + ": " + kernel::to_string(*conflict.route) +
           ". Remove it: " + kernel::delete_command(*conflict.route) + ", then repeat vethctl repair";
  }
  return "the host routes " + address + " to another interface (ip route get " + address + ")";
}

/// The differences that another route of the host prevents from being restored.
Differences of_conflicts(Differences differences, const std::vector<kernel::Conflict>& conflicts) {
  std::erase_if(differences, [&](const wiring::Difference& difference) {
    return std::ranges::none_of(conflicts, [&](const kernel::Conflict& conflict) {
      return inspect::is_caused_by(difference, conflict.address);
    });
  });
  return differences;
}

void add_once(const std::string& text, std::vector<std::string>& texts) {
  if (std::ranges::find(texts, text) == texts.end()) texts.push_back(text);
}

/// Repairs one attachment. The caller must hold its lock.
class Repair {
 public:
  Repair(const state::Record& record, const wiring::Wiring& wiring, const KernelAccess& access, state::Folder& folder)
      : record_(record), wiring_(wiring), access_(access), folder_(folder) {}

  AttachmentRepair run(bool is_dry_run) {
    repair_.attachment = record_.attachment;
    attempt([&] { repair_wiring(is_dry_run); });
    attempt([&] { repair_addresses(is_dry_run); });
    return repair_;
  }

 private:
  /// Runs a step; adds its error to not_restored.
  void attempt(const auto& step) try { step(); } catch (const cni::Error& error) {
    repair_.not_restored.emplace_back(error.what());
  } catch (const std::system_error& error) {
    repair_.not_restored.emplace_back(error.what());
  }

  /// Changes nothing unless both ends are one pair of this attachment: the path of the record may meanwhile belong to
  /// another namespace.
  void repair_wiring(bool is_dry_run) {
    auto namespaces = open_namespaces();
    const auto observed = observe(namespaces);
    auto before = wiring::difference(wiring_, observed);
    std::erase_if(before, [&](const auto& difference) { return wiring::may_be_intended(wiring_, difference); });
    if (!wiring::is_own_pair(wiring_, observed)) {
      for (const auto& difference : before) repair_.not_restored.push_back(wiring::to_string(difference));
      return;
    }
    const auto conflicts = find_conflicts(observed);
    if (std::ranges::any_of(before, wiring::is_of_ovs))
      namespaces.ovs = attachment::reconnector(wiring_, access_.kernel, folder_);
    else if (observed.ovs_port)
      namespaces.ovs.wait = [is_in_user_space = observed.ovs_port->is_in_user_space] { return is_in_user_space; };
    if (!is_dry_run && !before.empty()) attempt([&] { restore_parts(namespaces); });
    for (const auto& conflict : conflicts) add_once(to_string(conflict), repair_.not_restored);
    if (before.empty()) return;
    const auto after = is_dry_run ? of_conflicts(before, conflicts) : wiring::difference(wiring_, observe(namespaces));
    for (const auto& difference : before) {
      (contains(after, difference) ? repair_.not_restored : repair_.restored).push_back(wiring::to_string(difference));
    }
  }

  wiring::Observed observe(const kernel::AttachmentContext& namespaces) {
    auto observed = access_.kernel.observe(wiring_, namespaces);
    access_.ovs.observe(wiring_, observed);
    return observed;
  }

  void restore_parts(const kernel::AttachmentContext& namespaces) {
    attachment::claim_gateways(attachment::footprint_of(record_), access_.kernel, folder_);
    const auto conflict = access_.repairer.repair(wiring_, namespaces);
    if (conflict) add_once(to_string(*conflict), repair_.not_restored);
  }

  std::vector<kernel::Conflict> find_conflicts(const wiring::Observed& observed) {
    if (!wiring_.peer_netns.empty()) return {};
    return access_.repairer.find_conflicts(wiring_, observed.bridge ? observed.bridge->index : observed.host->index);
  }

  /// The namespace of the host is allowed only as the peer that `vethctl connect host` recorded, and for a pair that
  /// joins two bridges of the host.
  kernel::AttachmentContext open_namespaces() {
    const bool is_joint = wiring_.bridge && wiring_.ovs_port;
    kernel::AttachmentContext namespaces{.container = access_.kernel.open_namespace(record_.netns, is_joint),
                                         .node_instance = folder_.name()};
    namespaces.host_index = record_.ends.host;
    const auto& peer = wiring_.peer_netns;
    if (!peer.empty()) namespaces.peer = access_.kernel.open_namespace(peer, peer == inspect::host_namespace_path);
    return namespaces;
  }

  void repair_addresses(bool is_dry_run) {
    const auto& network = record_.attachment.network;
    if (const auto conflict = inspect::find_lease_conflict(record_, folder_)) repair_.not_restored.push_back(*conflict);
    for (const auto& address : inspect::unleased_addresses(record_, folder_)) {
      const auto text = "lease of address " + cni::to_string(address) + " is missing";
      const bool is_taken = is_dry_run || folder_.addresses.take(network, address, cni::tag_of(record_.attachment));
      (is_taken ? repair_.restored : repair_.not_restored).push_back(text);
    }
    const auto segment = attachment::segment_of(wiring_);
    if (!segment.empty() && !is_dry_run) restore_claims(segment);
  }

  /// Earlier versions wrote no claims. `vethctl check` reports an address that two networks have on the bridge.
  void restore_claims(const std::string& bridge) {
    const auto& network = record_.attachment.network;
    for (const auto& address : record_.addresses) {
      if (folder_.addresses.holder(network, address) == cni::tag_of(record_.attachment))
        folder_.bridges.claim(bridge, address, network, folder_.locks);
    }
  }

  const state::Record& record_;
  const wiring::Wiring& wiring_;
  const KernelAccess& access_;
  state::Folder& folder_;
  AttachmentRepair repair_{};
};

}  // namespace

std::optional<AttachmentRepair> repair_attachment(const RecordKey& key, const KernelAccess& access,
                                                  state::Folder& folder, bool is_dry_run) {
  const auto lock = folder.locks.try_attachment(key.tag);
  const auto stored = lock ? folder.records.find(key.network, key.tag) : std::nullopt;
  if (!stored || !stored->record || stored->stage != state::Stage::live) return std::nullopt;
  const auto wiring = wiring::find_wiring(stored->record->wiring);
  if (!wiring) return std::nullopt;
  return Repair{*stored->record, *wiring, access, folder}.run(is_dry_run);
}

}  // namespace restore
