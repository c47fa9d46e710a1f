// Many concurrent calls, as the runtime of a node makes them after a restart.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/parallel.hpp"
#include "integration/support/slowness.hpp"
#include "integration/support/snapshot.hpp"

#include <algorithm>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

const std::size_t many = slowness() > 1 ? 40 : 500;
constexpr std::size_t at_once = 64;

json large_network() {
  json config = dual_stack();
  config["ipam"] = veth_ipam({"10.1.0.0/22", "fd00:1:2::/64"});
  return config;
}

std::deque<Container> make_containers(std::size_t count) {
  std::deque<Container> containers;
  for (std::size_t number = 0; number < count; ++number) containers.push_back(Container{"c" + std::to_string(number)});
  return containers;
}

void expect_success(const std::vector<Answer>& answers) {
  for (const auto& answer : answers) EXPECT_EQ(answer.exit, 0) << answer;
}

std::set<std::string> distinct_addresses(const std::vector<Answer>& answers, int family) {
  std::set<std::string> distinct;
  for (const auto& answer : answers) distinct.insert(address_of(answer.result, family));
  return distinct;
}

TEST(ConcurrentCalls, GiveEachContainerItsOwnAddressesAndLeaveNothing) {
  const auto before = Snapshot::take();
  const auto containers = make_containers(many);
  std::vector<Answer> added(many);
  in_parallel(many, at_once,
              [&](std::size_t number) { added.at(number) = add(containers.at(number), large_network()); });
  expect_success(added);
  EXPECT_EQ(distinct_addresses(added, 4).size(), many);
  EXPECT_EQ(distinct_addresses(added, 6).size(), many);
  EXPECT_TRUE(ping(containers.front().netns, address_of(added.back().result, 4)));
  EXPECT_TRUE(ping(containers.front().netns, address_of(added.back().result, 6)));
  std::vector<Answer> deleted(many);
  in_parallel(many, at_once,
              [&](std::size_t number) { deleted.at(number) = del(containers.at(number), large_network()); });
  expect_success(deleted);
  EXPECT_TRUE(unchanged_since(before));
}

// containerd attaches all networks of one container at the same time, although the specification forbids it.
TEST(ConcurrentCalls, AttachOneContainerToManyNetworks) {
  constexpr std::size_t networks = 16;
  const auto before = Snapshot::take();
  const Container container{"a"};
  const auto call_for = [&](const char* command, std::size_t number) {
    const auto text = std::to_string(number);
    json config{{"cniVersion", "1.0.0"},
                {"name", "net" + text},
                {"type", "veth"},
                {"ipam", veth_ipam({"10." + text + ".0.0/24"})}};
    config["ipam"].erase("routes");
    return call({.command = command,
                 .container = "a",
                 .netns = container.netns.path(),
                 .interface = "net" + text,
                 .config = config});
  };
  for (const char* command : {"ADD", "DEL"}) {
    std::vector<Answer> answers(networks);
    in_parallel(networks, networks, [&](std::size_t number) { answers.at(number) = call_for(command, number); });
    expect_success(answers);
  }
  EXPECT_TRUE(unchanged_since(before));
}

/// A concurrent ADD and DEL of the same container. If the DEL was first, the interface exists, and a second DEL has to
/// remove it, as runtimes call it.
struct Race {
  Answer added;
  Answer deleted;
  bool exists = false;  ///< the interface, after both calls
};

std::vector<Race> race(const std::deque<Container>& containers) {
  std::vector<Race> races(containers.size());
  in_parallel(2 * races.size(), at_once, [&](std::size_t number) {
    const auto& container = containers.at(number / 2);
    auto& race = races.at(number / 2);
    if (number % 2 == 0) race.added = add(container, large_network());
    if (number % 2 == 1) race.deleted = del(container, large_network());
  });
  for (std::size_t number = 0; number < races.size(); ++number)
    races.at(number).exists = has_interface(containers.at(number).netns, "eth0");
  return races;
}

/// Either call may have waited for the lock for too long (11). A DEL that runs before the first ADD of the node has
/// made the state folder finds no lock, and deletes the interface during the ADD. The ADD then fails with 100 and rolls
/// back.
void expect_consistent(const Race& race) {
  const auto& [added, deleted, exists] = race;
  EXPECT_TRUE(added.exit == 0 || (added.exit == 1 && (code_of(added) == 11 || code_of(added) == 100))) << added;
  EXPECT_TRUE(deleted.exit == 0 || (deleted.exit == 1 && code_of(deleted) == 11)) << deleted;
  EXPECT_TRUE(added.exit == 0 || !exists) << added;
}

// After a timeout a runtime calls DEL while ADD may still be running.
TEST(ConcurrentCalls, OfAddAndDelLeaveNothing) {
  const auto before = Snapshot::take();
  const auto containers = make_containers(std::min(many, at_once));
  const auto races = race(containers);
  for (std::size_t number = 0; number < races.size(); ++number) {
    expect_consistent(races.at(number));
    if (races.at(number).exists) {
      EXPECT_EQ(del(containers.at(number), large_network()).exit, 0) << "the second DEL";
    }
  }
  EXPECT_TRUE(unchanged_since(before));
}

}  // namespace
