#include "plugin/vethctl/restore/attachment_repair.hpp"

#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/gateways.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/vethctl/inspect/held_addresses.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/wiring/difference.hpp"
#include "plugin/wiring/text.hpp"

#include <algorithm>
#include <system_error>

namespace restore {
namespace {

using Differences = std::vector<wiring::Difference>;

bool holds(const Differences& differences, const wiring::Difference& difference) {
  return std::ranges::find(differences, difference) != differences.end();
}

std::string to_string(const kernel::Conflict& conflict) {
  if (conflict.kind == kernel::Conflict::Kind::host_port) {
    return "host port " + conflict.host_port + " is mapped to another container";
  }
  const auto address = cni::to_string(conflict.address);
  return "the host has a route to " + address + " that leads elsewhere (ip route get " + address + ")";
}

/// The repair of one attachment whose lock is held.
class Repair {
 public:
  Repair(const state::Record& record, const wiring::Wiring& wiring, const Tools& tools, state::Folder& folder)
      : record_(record), wiring_(wiring), tools_(tools), folder_(folder) {}

  AttachmentRepair run(bool is_dry_run) {
    repair_.attachment = record_.attachment;
    attempt([&] { repair_wiring(is_dry_run); });
    attempt([&] { repair_addresses(is_dry_run); });
    return repair_;
  }

 private:
  /// What fails is among what is left, with the reason.
  void attempt(const auto& step) try { step(); } catch (const cni::Error& error) {
    repair_.left.emplace_back(error.what());
  } catch (const std::system_error& error) {
    repair_.left.emplace_back(error.what());
  }

  /// What is not proven to be one pair is left as it is: a path may lead into another namespace by now.
  void repair_wiring(bool is_dry_run) {
    const auto site = open_site();
    const auto observed = tools_.kernel.observe(wiring_, site);
    const auto before = wiring::difference(wiring_, observed);
    if (before.empty()) return;
    if (!wiring::is_own_pair(wiring_, observed)) {
      for (const auto& difference : before) repair_.left.push_back(wiring::to_string(difference));
      return;
    }
    if (!is_dry_run) attempt([&] { restore_parts(site); });
    const auto after = is_dry_run ? Differences{} : wiring::difference(wiring_, tools_.kernel.observe(wiring_, site));
    for (const auto& difference : before) {
      (holds(after, difference) ? repair_.left : repair_.restored).push_back(wiring::to_string(difference));
    }
  }

  void restore_parts(const kernel::Site& site) {
    attachment::claim_gateways(attachment::footprint_of(record_), tools_.kernel, folder_);
    const auto conflict = tools_.repairer.repair(wiring_, site);
    if (conflict) repair_.left.push_back(to_string(*conflict));
  }

  /// The host's own namespace is one only where the record says so: the other end of a pair that was connected to it.
  kernel::Site open_site() {
    kernel::Site site{.container = tools_.kernel.open_namespace(record_.netns, false), .node_life = folder_.name()};
    site.host_index = record_.ends.host;
    const auto& peer = wiring_.peer_netns;
    if (!peer.empty()) site.peer = tools_.kernel.open_namespace(peer, peer == inspect::host_namespace_path);
    return site;
  }

  void repair_addresses(bool is_dry_run) {
    const auto& network = record_.attachment.network;
    if (const auto conflict = inspect::held_by_another(record_, folder_)) repair_.left.push_back(*conflict);
    for (const auto& address : inspect::unheld_addresses(record_, folder_)) {
      const auto sentence = "address " + cni::to_string(address) + " was not taken in the state folder";
      const bool is_taken = is_dry_run || folder_.addresses.take(network, address, cni::tag_of(record_.attachment));
      (is_taken ? repair_.restored : repair_.left).push_back(sentence);
    }
  }

  const state::Record& record_;
  const wiring::Wiring& wiring_;
  const Tools& tools_;
  state::Folder& folder_;
  AttachmentRepair repair_{};
};

}  // namespace

std::optional<AttachmentRepair> repair_attachment(const RecordName& name, const Tools& tools, state::Folder& folder,
                                                  bool is_dry_run) {
  const auto lock = folder.locks.try_attachment(name.tag);
  const auto stored = lock ? folder.records.find(name.network, name.tag) : std::nullopt;
  if (!stored || !stored->record || stored->stage != state::Stage::live) return std::nullopt;
  const auto wiring = wiring::find_wiring(stored->record->wiring);
  if (!wiring) return std::nullopt;
  return Repair{*stored->record, *wiring, tools, folder}.run(is_dry_run);
}

}  // namespace restore
