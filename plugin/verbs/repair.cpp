#include "plugin/verbs/repair.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/verbs/adopt.hpp"
#include "plugin/wiring/difference.hpp"
#include "plugin/wiring/text.hpp"

#include <algorithm>
#include <stdexcept>

namespace verbs {
namespace {

using Sentences = std::vector<std::string>;

bool holds(const Sentences& sentences, const std::string& sentence) {
  return std::ranges::find(sentences, sentence) != sentences.end();
}

/// The mending of one attachment whose lock is held.
class Mending {
 public:
  Mending(const state::Record& record, const wiring::Wiring& wiring, kernel::Kernel& kernel, state::Folder& folder)
      : record_(record), wiring_(wiring), kernel_(kernel), folder_(folder) {}

  Repair run(bool is_dry_run) {
    repair_.attachment = record_.attachment;
    attempt([&] { mend_wiring(is_dry_run); });
    attempt([&] { mend_addresses(is_dry_run); });
    return repair_;
  }

 private:
  /// What fails is among what is left, with the reason.
  void attempt(const auto& step) try { step(); } catch (const cni::Error& error) {
    repair_.left.emplace_back(error.what());
  } catch (const std::runtime_error& error) {  // std::system_error and kernel::AddressLivesElsewhere
    repair_.left.emplace_back(error.what());
  }

  void mend_wiring(bool is_dry_run) {
    const auto site = open_site();
    const auto observed = kernel_.observe(wiring_, site);
    const auto before = wiring::difference(wiring_, observed);
    if (before.empty()) return;
    if (!is_pair(observed)) {
      repair_.left = before;
      return;
    }
    if (!is_dry_run) attempt([&] { kernel_.repair(wiring_, site); });
    const auto after = is_dry_run ? Sentences{} : wiring::difference(wiring_, kernel_.observe(wiring_, site));
    for (const auto& sentence : before) (holds(after, sentence) ? repair_.left : repair_.mended).push_back(sentence);
  }

  kernel::Site open_site() {
    kernel::Site site{.container = kernel_.open_namespace(record_.netns, true)};
    if (!wiring_.peer_netns.empty()) site.peer = kernel_.open_namespace(wiring_.peer_netns, true);
    return site;
  }

  /// Whether both ends stand and are this attachment's.
  bool is_pair(const wiring::Observed& observed) const {
    return observed.container && observed.host && observed.host->alias == cni::alias_of(record_.attachment) &&
           observed.host->peer_index == observed.container->index;
  }

  void mend_addresses(bool is_dry_run) {
    const auto& network = record_.attachment.network;
    if (const auto conflict = held_by_another(record_, folder_)) repair_.left.push_back(*conflict);
    for (const auto& address : unheld_addresses(record_, folder_)) {
      const auto sentence = "address " + cni::to_string(address) + " was not taken in the state folder";
      const bool is_mended = is_dry_run || folder_.take(network, address, cni::tag_of(record_.attachment));
      (is_mended ? repair_.mended : repair_.left).push_back(sentence);
    }
  }

  const state::Record& record_;
  const wiring::Wiring& wiring_;
  kernel::Kernel& kernel_;
  state::Folder& folder_;
  Repair repair_{};
};

}  // namespace

std::optional<Repair> repair(const RecordName& recorded, kernel::Kernel& kernel, state::Folder& folder,
                             bool is_dry_run) {
  const auto lock = folder.try_lock(recorded.tag);
  const auto stored = lock ? folder.find_record(recorded.network, recorded.tag) : std::nullopt;
  if (!stored || !stored->record || stored->stage != state::Stage::live) return std::nullopt;
  const auto wiring = wiring::find_wiring(stored->record->wiring);
  if (!wiring) return std::nullopt;
  return Mending{*stored->record, *wiring, kernel, folder}.run(is_dry_run);
}

}  // namespace verbs
