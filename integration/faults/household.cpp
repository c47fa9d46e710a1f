#include "integration/faults/household.hpp"

#include "integration/faults/examine.hpp"
#include "integration/faults/networks.hpp"
#include "integration/faults/scene.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/state_folder.hpp"
#include "plugin/posix/system_error.hpp"

#include <sys/mount.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace faults {
namespace {

nlohmann::json config() {
  auto config = network("ptp").config;
  config["ipMasq"] = true;
  return config;
}

nlohmann::json added(const support::Container& container) {
  auto answer = support::add(container, config());
  if (answer.exit != 0) throw std::runtime_error(told("ADD on a node where nothing is wrong", answer));
  return answer.result;
}

bool share_an_address(const nlohmann::json& one, const nlohmann::json& other) {
  return support::address_of(one, 4) == support::address_of(other, 4) ||
         support::address_of(one, 6) == support::address_of(other, 6);
}

/// Without the state, of which some may be readable to nobody, or have no end: something else is laid over it
/// meanwhile.
support::Snapshot network_now() {
  const bool has_state = std::filesystem::exists(support::state_root);
  if (has_state && ::mount("tmpfs", support::state_root, "tmpfs", 0, nullptr) < 0) posix::throw_errno("mount a tmpfs");
  auto snapshot = support::Snapshot::take();
  if (has_state) ::umount2(support::state_root, MNT_DETACH);
  return snapshot;
}

/// The kernel adds some routes a while after their addresses: until nothing changes any more.
support::Snapshot settled_network() {
  constexpr std::chrono::milliseconds pause{10};
  auto earlier = network_now();
  while (true) {
    std::this_thread::sleep_for(pause);
    auto later = network_now();
    if (later == earlier) return later;
    earlier = std::move(later);
  }
}

}  // namespace

Household::Household(const std::function<void()>& prepare, Refusal refusal)
    : refusal_{refusal},
      a_{on_a_new_node(prepare)},
      b_{"b"},
      c_{"c"},
      before_(support::Snapshot::take()),
      result_b_(added(b_)),
      network_of_b_(settled_network()),
      result_a_(added(a_)) {}

std::string Household::judge(const std::string& act, const support::Answer& answer) const {
  if (answer.exit == 0) return {};
  if (refusal_ == Refusal::never) return told(act + " failed", answer);
  return answer.exit == 1 && support::code_of(answer) != 0 ? "" : told(act + " failed without words", answer);
}

std::string Household::add_another() {
  const auto answer = support::add(c_, config());
  const bool has_interface = support::has_interface(c_.netns, c_.interface);
  if (answer.exit != 0) return judge("ADD", answer) + (has_interface ? "ADD failed and left something\n" : "");
  if (!has_interface) return told("a success that is none", answer);
  if (share_an_address(answer.result, result_a_) || share_an_address(answer.result, result_b_))
    return told("an address was given twice", answer);
  return unless_success("DEL of what was added", support::del(c_, config()));
}

std::string Household::network_changes() const {
  const auto changes = support::difference(network_of_b_, network_now());
  return changes.empty() ? "" : "the network is not that of \"b\" alone:\n" + changes;
}

std::string Household::live_on() {
  auto fault = add_another();
  const auto answer = support::del(a_, config(), result_a_);
  fault += judge("DEL", answer) + network_changes();
  if (support::has_interface(a_.netns, a_.interface)) fault += told("DEL left the interface", answer);
  fault += add_another();
  return fault + network_changes();
}

std::string Household::end() {
  std::string fault;
  for (const auto* container : {&a_, &b_, &c_})
    fault += unless_success("the last DEL", support::del(*container, config()));
  fault += unless_success("GC", support::collect(config(), {}));
  return fault + support::difference(before_, support::Snapshot::take());
}

}  // namespace faults
