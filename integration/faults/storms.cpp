#include "integration/faults/examine.hpp"
#include "integration/faults/storm.hpp"
#include "integration/faults/sweeps.hpp"
#include "integration/support/fault.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/parallel.hpp"
#include "integration/support/sandbox.hpp"

#include <chrono>
#include <deque>
#include <mutex>
#include <random>
#include <set>
#include <string>

namespace faults {
namespace {

using support::Call;

constexpr std::size_t at_once = 64;
constexpr std::size_t containers = 40;

void storm(std::size_t operations, Report& report) {
  Storm storm{containers, report};
  storm.blow(operations, at_once);
  storm.calm_down();
}

/// The goal for the slowest of a hundred is held against a whole storm only: a few calls say little.
void whole_storm(Report& report) {
  constexpr double most = 10;
  storm(10'000, report);
  for (const std::string verb : {"ADD", "CHECK", "DEL"}) {
    const auto middle = report.figures.at(verb + " p50 ms").get<double>();
    const auto slowest = report.figures.at(verb + " p99 ms").get<double>();
    if (slowest > most * middle)
      report.failures.push_back(verb + ": the slowest of 100 takes more than 10 x the median");
  }
}

void soak(std::chrono::minutes duration, Report& report) {
  const auto end = std::chrono::steady_clock::now() + duration;
  Storm storm{containers, report};
  while (std::chrono::steady_clock::now() < end) storm.blow(1000, at_once);
  storm.calm_down();
}

/// Containers on a range that has too few addresses for them. Some of the ADDs are killed.
class Crowd {
 public:
  explicit Crowd(Report& report) : report_(report) {
    support::make_node();
    before_ = support::Snapshot::take();
    for (std::size_t number = 0; number < size; ++number) members_.emplace_back("c" + std::to_string(number));
  }

  void jostle(std::size_t operations) {
    support::in_parallel(operations, at_once, [this](std::size_t number) { operate(number); });
    report_.points += operations;
  }

  void leave() {
    for (auto& member : members_) remove(member);
    const auto left = support::difference(before_, support::Snapshot::take());
    if (!left.empty()) fail("left at the end: " + left);
  }

 private:
  struct Member {
    explicit Member(const std::string& id) : container{id} {}
    support::Container container;
    std::string address = {};  ///< empty: has none, as far as the runtime knows
    bool was_killed = false;
    std::mutex is_at_work = {};
  };

  static constexpr std::size_t size = 80;

  static Call call(const char* verb, const Member& member) {
    auto config = support::ipv4_only();
    config["ipam"] = support::veth_ipam({"10.1.2.0/28"});
    return {
        .command = verb, .container = member.container.id, .netns = member.container.netns.path(), .config = config};
  }

  void operate(std::size_t number) {
    constexpr unsigned kills = 20;  // of a hundred
    std::minstd_rand random{static_cast<unsigned>(number + 1)};
    random.discard(3);
    for (auto place = random() % size;; place = (place + 1) % size) {
      auto& member = members_.at(place);
      const std::unique_lock lock{member.is_at_work, std::try_to_lock};
      if (!lock) continue;
      if (!member.address.empty()) return remove(member);
      return random() % 100 < kills ? kill(member, random()) : add(member);
    }
  }

  void add(Member& member) {
    constexpr int already_attached = 101;
    constexpr int full = 102;
    const auto answer = support::call(call("ADD", member));
    if (answer.exit == 0) return note(member, support::address_of(answer.result, 4));
    const auto code = support::code_of(answer);
    const bool is_allowed = code == full || (code == already_attached && member.was_killed);
    if (!is_allowed) fail(told("ADD of " + member.container.id, answer));
    if (code == already_attached) remove(member);
  }

  void kill(Member& member, std::size_t chance) {
    constexpr std::size_t calls_of_an_add = 120;
    support::call_with({.number = 1 + chance % calls_of_an_add}, call("ADD", member));
    member.was_killed = true;
  }

  void note(Member& member, const std::string& address) {
    member.address = address;
    member.was_killed = false;
    std::unique_lock lock{mutex_};
    const bool is_new = addresses_.insert(address).second;
    lock.unlock();
    if (!is_new) fail(address + " was given twice, at last to " + member.container.id);
  }

  void remove(Member& member) {
    {
      const std::lock_guard lock{mutex_};
      addresses_.erase(member.address);
    }
    const auto answer = support::call(call("DEL", member));
    if (answer.exit != 0) fail(told("DEL of " + member.container.id, answer));
    member.address.clear();
    member.was_killed = false;
  }

  void fail(const std::string& what) {
    const std::lock_guard lock{mutex_};
    report_.failures.push_back(what);
  }

  Report& report_;
  std::deque<Member> members_;
  support::Snapshot before_;
  std::mutex mutex_;  ///< of the addresses and the report
  std::set<std::string> addresses_;
};

void jostle(std::size_t operations, Report& report) {
  Crowd crowd{report};
  crowd.jostle(operations);
  crowd.leave();
}

}  // namespace

std::vector<Task> storms(const Setting& setting) {
  const std::size_t jostles = setting.is_short ? 300 : 5000;
  const auto blow = [is_short = setting.is_short](Report& report) {
    is_short ? storm(600, report) : whole_storm(report);
  };
  return {{"storm", "three networks, 64 at once", blow},
          {"storm", "80 containers on a /28, 64 at once, some killed",
           [jostles](Report& report) { jostle(jostles, report); }}};
}

std::vector<Task> soaks(const Setting& setting) {
  return {{"soak", "three networks, 64 at once", [setting](Report& report) { soak(setting.soak, report); }}};
}

}  // namespace faults
