#include "integration/faults/state_damage_scenario.hpp"

#include "integration/faults/invariants.hpp"
#include "integration/faults/networks.hpp"
#include "integration/faults/scenario.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/settled.hpp"
#include "integration/support/state_folder.hpp"
#include "plugin/posix/system_error.hpp"

#include <sys/mount.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>

namespace faults {
namespace {

nlohmann::json config() {
  auto config = network("ptp").config;
  config["ipMasq"] = true;
  return config;
}

nlohmann::json added(const support::Container& container) {
  auto answer = support::add(container, config());
  if (answer.exit != 0) throw std::runtime_error(describe("ADD failed on an undamaged node", answer));
  return answer.result;
}

bool share_an_address(const nlohmann::json& one, const nlohmann::json& other) {
  return support::address_of(one, 4) == support::address_of(other, 4) ||
         support::address_of(one, 6) == support::address_of(other, 6);
}

/// Without the state folder, which may have unreadable files or FIFOs: an empty file system is mounted over it
/// meanwhile.
support::Snapshot network_snapshot() {
  const bool has_state = std::filesystem::exists(support::state_root);
  if (has_state && ::mount("tmpfs", support::state_root, "tmpfs", 0, nullptr) < 0) posix::throw_errno("mount a tmpfs");
  auto snapshot = support::Snapshot::take();
  if (has_state) ::umount2(support::state_root, MNT_DETACH);
  return snapshot;
}

support::Snapshot stable_network() { return support::settled(network_snapshot, std::chrono::milliseconds{10}); }

}  // namespace

StateDamageScenario::StateDamageScenario(const std::function<void()>& prepare, Failure failure)
    : failure_{failure},
      a_{set_up_node(prepare)},
      b_{"b"},
      c_{"c"},
      before_(support::Snapshot::take()),
      result_b_(added(b_)),
      network_of_b_(stable_network()),
      result_a_(added(a_)) {}

std::string StateDamageScenario::unexpected_failure(const std::string& act, const support::Answer& answer) const {
  if (answer.exit == 0) return {};
  if (failure_ == Failure::forbidden) return describe(act + " failed", answer);
  return answer.exit == 1 && support::code_of(answer) != 0 ? ""
                                                           : describe(act + " failed without an error object", answer);
}

std::string StateDamageScenario::add_and_delete_c() {
  const auto answer = support::add(c_, config());
  const bool has_interface = support::has_interface(c_.netns, c_.interface);
  if (answer.exit != 0)
    return unexpected_failure("ADD", answer) + (has_interface ? "the failed ADD left an interface\n" : "");
  if (!has_interface) return describe("ADD succeeded, but there is no interface", answer);
  if (share_an_address(answer.result, result_a_) || share_an_address(answer.result, result_b_))
    return describe("an address was allocated twice", answer);
  return failure_of("DEL of \"c\"", support::del(c_, config()));
}

std::string StateDamageScenario::network_changes() const {
  const auto changes = support::difference(network_of_b_, network_snapshot());
  return changes.empty() ? "" : "the network is not exactly that of \"b\":\n" + changes;
}

std::string StateDamageScenario::check_while_damaged() {
  auto problem = add_and_delete_c();
  const auto answer = support::del(a_, config(), result_a_);
  problem += unexpected_failure("DEL", answer) + network_changes();
  if (support::has_interface(a_.netns, a_.interface)) problem += describe("DEL left the interface", answer);
  problem += add_and_delete_c();
  return problem + network_changes();
}

std::string StateDamageScenario::check_after_repair() {
  std::string problem;
  for (const auto* container : {&a_, &b_, &c_})
    problem += failure_of("DEL of \"" + container->id + '"', support::del(*container, config()));
  problem += failure_of("GC", support::gc(config(), {}));
  return problem + support::difference(before_, support::Snapshot::take());
}

}  // namespace faults
