#include "integration/faults/crowded_range.hpp"

#include "integration/faults/invariants.hpp"
#include "integration/support/fault.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/parallel.hpp"
#include "integration/support/sandbox.hpp"

namespace faults {
namespace {

using support::Answer;
using support::Call;

constexpr std::size_t size = 80;
constexpr int already_attached = 101;
constexpr int full = 102;

Call call_of(const char* verb, const support::Container& container) {
  return {
      .command = verb, .container = container.id, .netns = container.netns.path(), .config = support::small_range()};
}

/// The IPv4 address of the container, even if its ADD was not answered; empty: none.
std::string address_in_container(const support::Container& container) {
  if (!support::has_interface(container.netns, container.interface)) return {};
  for (const auto& address : support::addresses(container.netns, container.interface))
    if (address.find(':') == std::string::npos) return address.substr(0, address.find('/'));
  return {};
}

}  // namespace

CrowdedRange::CrowdedRange(Report& report) : report_(report) {
  support::make_node();
  before_ = support::Snapshot::take();
  for (std::size_t number = 0; number < size; ++number) members_.emplace_back("c" + std::to_string(number));
}

void CrowdedRange::run(std::size_t operations, std::size_t at_once) {
  support::in_parallel(operations, at_once, [this](std::size_t number) { run_operation(number); });
  report_.points += operations;
}

/// Every third operation prefers a container that has an address, so that addresses become free.
void CrowdedRange::run_operation(std::size_t number) {
  Random random{static_cast<unsigned>(number + 1)};
  random.discard(3);
  std::size_t tries = random() % 3 == 0 ? size : 0;
  for (auto index = random() % size;; index = (index + 1) % size) {
    auto& member = members_.at(index);
    const std::unique_lock lock{member.busy, std::try_to_lock};
    if (tries > 0) --tries;
    if (lock && (tries == 0 || !member.address.empty())) return add_or_delete(member, random);
  }
}

void CrowdedRange::add_or_delete(Member& member, Random& random) {
  constexpr unsigned kills = 20;  // of a hundred
  if (!member.address.empty()) return remove(member);
  return random() % 100 < kills ? kill_add(member, random()) : add(member);
}

void CrowdedRange::add(Member& member) { check_add(member, support::call(call_of("ADD", member.container))); }

/// If the previous ADD was killed after its answer, this one is rejected.
void CrowdedRange::check_add(Member& member, const Answer& answer) {
  if (answer.exit == 0) {
    member.was_killed = false;
    count("successes");
    return record_address(member, support::address_of(answer.result, 4));
  }
  const auto code = support::code_of(answer);
  if (code == full) count("refusals");
  const bool is_allowed = code == full || (code == already_attached && member.was_killed);
  if (answer.exit != 1 || !is_allowed) fail(describe("ADD of " + member.container.id, answer));
  if (code == already_attached) remove(member);
}

/// If the ADD makes fewer system calls than the number, it is not killed. If the killed ADD has left an
/// interface, no other container may get its address.
void CrowdedRange::kill_add(Member& member, std::size_t chance) {
  constexpr std::size_t calls_of_an_add = 150;
  const auto outcome =
      support::call_with_fault({.number = 1 + chance % calls_of_an_add}, call_of("ADD", member.container));
  if (!outcome.was_reached) return check_add(member, outcome.answer);
  count("killed");
  member.was_killed = true;
  const auto address = address_in_container(member.container);
  if (address.empty()) return;
  count("killed but attached");
  record_address(member, address);
}

void CrowdedRange::record_address(Member& member, const std::string& address) {
  member.address = address;
  std::unique_lock lock{mutex_};
  const auto [owner, is_new] = owners_.try_emplace(address, member.container.id);
  const auto other = owner->second;
  lock.unlock();
  if (!is_new) fail(address + " was allocated to " + member.container.id + " while " + other + " had it");
}

void CrowdedRange::remove(Member& member) {
  {
    const std::lock_guard lock{mutex_};
    const auto owner = owners_.find(member.address);
    if (owner != owners_.end() && owner->second == member.container.id) owners_.erase(owner);
  }
  const auto answer = support::call(call_of("DEL", member.container));
  if (answer.exit != 0) fail(describe("DEL of " + member.container.id, answer));
  member.address.clear();
  member.was_killed = false;
}

void CrowdedRange::finish() {
  for (auto& member : members_) remove(member);
  const auto left = support::difference(before_, support::Snapshot::take());
  if (!left.empty()) fail("left at the end: " + left);
  fill_range();
}

void CrowdedRange::fill_range() {
  for (std::size_t number = 0; number < support::small_range_size; ++number) {
    auto& member = members_.at(number);
    const auto answer = support::call(call_of("ADD", member.container));
    if (answer.exit != 0) return fail(describe("ADD on an empty range", answer));
    record_address(member, support::address_of(answer.result, 4));
  }
  const auto one_more = support::call(call_of("ADD", members_.back().container));
  if (support::code_of(one_more) != full) fail(describe("ADD on a full range", one_more));
}

void CrowdedRange::count(const std::string& figure) {
  const std::lock_guard lock{mutex_};
  report_.figures[figure] = report_.figures.value(figure, 0) + 1;
}

void CrowdedRange::fail(const std::string& what) {
  const std::lock_guard lock{mutex_};
  report_.failures.push_back(what);
}

}  // namespace faults
