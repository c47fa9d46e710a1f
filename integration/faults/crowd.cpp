#include "integration/faults/crowd.hpp"

#include "integration/faults/examine.hpp"
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
  return {.command = verb,
          .container = container.id,
          .netns = container.netns.path(),
          .config = support::of_few_addresses()};
}

/// The IPv4 address that the container has, whether anybody was told of it or not.
std::string standing_address(const support::Container& container) {
  if (!support::has_interface(container.netns, container.interface)) return {};
  for (const auto& address : support::addresses(container.netns, container.interface))
    if (address.find(':') == std::string::npos) return address.substr(0, address.find('/'));
  return {};
}

}  // namespace

Crowd::Crowd(Report& report) : report_(report) {
  support::make_node();
  before_ = support::Snapshot::take();
  for (std::size_t number = 0; number < size; ++number) members_.emplace_back("c" + std::to_string(number));
}

void Crowd::jostle(std::size_t operations, std::size_t at_once) {
  support::in_parallel(operations, at_once, [this](std::size_t number) { operate(number); });
  report_.points += operations;
}

/// Every third time one that has an address is looked for, so that there is something to give out.
void Crowd::operate(std::size_t number) {
  Random random{static_cast<unsigned>(number + 1)};
  random.discard(3);
  std::size_t looks = random() % 3 == 0 ? size : 0;
  for (auto place = random() % size;; place = (place + 1) % size) {
    auto& member = members_.at(place);
    const std::unique_lock lock{member.is_at_work, std::try_to_lock};
    if (looks > 0) --looks;
    if (lock && (looks == 0 || !member.address.empty())) return act(member, random);
  }
}

void Crowd::act(Member& member, Random& random) {
  constexpr unsigned kills = 20;  // of a hundred
  if (!member.address.empty()) return remove(member);
  return random() % 100 < kills ? kill(member, random()) : add(member);
}

void Crowd::add(Member& member) { judge(member, support::call(call_of("ADD", member.container))); }

/// One that was killed may have been answered just before, so that it is refused.
void Crowd::judge(Member& member, const Answer& answer) {
  if (answer.exit == 0) {
    member.was_killed = false;
    count("successes");
    return note(member, support::address_of(answer.result, 4));
  }
  const auto code = support::code_of(answer);
  if (code == full) count("refusals");
  const bool is_allowed = code == full || (code == already_attached && member.was_killed);
  if (answer.exit != 1 || !is_allowed) fail(told("ADD of " + member.container.id, answer));
  if (code == already_attached) remove(member);
}

/// The number may be beyond the end of the ADD: then it is one as any other. Where it was killed and its interface
/// stands, its address is nobody else's.
void Crowd::kill(Member& member, std::size_t chance) {
  constexpr std::size_t calls_of_an_add = 150;
  const auto struck = support::call_with({.number = 1 + chance % calls_of_an_add}, call_of("ADD", member.container));
  if (!struck.was_reached) return judge(member, struck.answer);
  count("killed");
  member.was_killed = true;
  const auto address = standing_address(member.container);
  if (address.empty()) return;
  count("killed ones that stand");
  note(member, address);
}

void Crowd::note(Member& member, const std::string& address) {
  member.address = address;
  std::unique_lock lock{mutex_};
  const auto [owner, is_new] = owners_.try_emplace(address, member.container.id);
  const auto other = owner->second;
  lock.unlock();
  if (!is_new) fail(address + " was given to " + member.container.id + " while " + other + " had it");
}

void Crowd::remove(Member& member) {
  {
    const std::lock_guard lock{mutex_};
    const auto owner = owners_.find(member.address);
    if (owner != owners_.end() && owner->second == member.container.id) owners_.erase(owner);
  }
  const auto answer = support::call(call_of("DEL", member.container));
  if (answer.exit != 0) fail(told("DEL of " + member.container.id, answer));
  member.address.clear();
  member.was_killed = false;
}

void Crowd::leave() {
  for (auto& member : members_) remove(member);
  const auto left = support::difference(before_, support::Snapshot::take());
  if (!left.empty()) fail("left at the end: " + left);
  fill();
}

void Crowd::fill() {
  for (std::size_t number = 0; number < support::few_addresses; ++number) {
    auto& member = members_.at(number);
    const auto answer = support::call(call_of("ADD", member.container));
    if (answer.exit != 0) return fail(told("ADD on a range that is free", answer));
    note(member, support::address_of(answer.result, 4));
  }
  const auto one_more = support::call(call_of("ADD", members_.back().container));
  if (support::code_of(one_more) != full) fail(told("ADD on a full range", one_more));
}

void Crowd::count(const std::string& figure) {
  const std::lock_guard lock{mutex_};
  report_.figures[figure] = report_.figures.value(figure, 0) + 1;
}

void Crowd::fail(const std::string& what) {
  const std::lock_guard lock{mutex_};
  report_.failures.push_back(what);
}

}  // namespace faults
