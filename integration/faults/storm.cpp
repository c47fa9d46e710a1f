#include "integration/faults/storm.hpp"

#include "integration/benchmark/summary.hpp"
#include "integration/faults/invariants.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/parallel.hpp"
#include "integration/support/sandbox.hpp"

#include <chrono>
#include <utility>

namespace faults {
namespace {

using nlohmann::json;
using support::Answer;
using support::Call;

constexpr std::size_t empty_network = Storm::networks;

json network_of(std::size_t number) {
  constexpr std::array modes{"ptp", "bridge", "ptp", "ptp"};
  const auto text = std::to_string(number + 1);
  auto config = support::in_mode(modes.at(number));
  config["name"] = "net" + text;
  config["ipam"] = support::veth_ipam({"10." + text + ".0.0/22", "fd00:" + text + "::/64"});
  config["ipMasq"] = config.at("mode") == "ptp";
  return config;
}

/// The third network has port mappings and limits.
json config_of(std::size_t network, std::size_t container) {
  constexpr std::size_t first_port = 10'000;
  constexpr int megabit = 1'000'000;
  auto config = network_of(network);
  if (network != 2) return config;
  config["runtimeConfig"]["portMappings"] = {
      {{"hostPort", first_port + container}, {"containerPort", 80}, {"protocol", "tcp"}}};
  config["runtimeConfig"]["bandwidth"] = {{"ingressRate", 100 * megabit}, {"egressRate", 100 * megabit}};
  return config;
}

std::size_t random_below(std::size_t count, std::minstd_rand& random) { return random() % count; }

constexpr auto orphan_prefix = "o";  // of interface names

/// Every tenth container, at least one.
bool is_crash_candidate(std::size_t container) { return container % 10 == 1; }

}  // namespace

Storm::Storm(std::size_t containers, Report& report) : report_(report) {
  support::make_node();
  for (std::size_t number = 0; number < containers; ++number) {
    const auto id = "c" + std::to_string(number);
    auto& container = containers_.emplace_back(id);
    for (std::size_t network = 0; network < networks; ++network)
      container.attachments.at(network).call = {.command = "",
                                                .container = id,
                                                .netns = container.namespace_->path(),
                                                .interface = "eth" + std::to_string(network),
                                                .config = config_of(network, number)};
  }
  for (auto& attachment : containers_.front().attachments) {  // creates what stays after DEL, such as the bridge
    add(attachment);
    remove(attachment);
  }
  before_ = support::Snapshot::take();
}

void Storm::run(std::size_t operations, std::size_t at_once) {
  support::in_parallel(operations, at_once, [this](std::size_t number) { run_operation(operations_ + number); });
  operations_ += operations;
}

void Storm::run_operation(std::size_t number) {
  constexpr unsigned gc_or_status_limit = 6;  // below this number of a hundred
  constexpr unsigned orphan_limit = 10;
  constexpr unsigned crash_limit = 12;
  Random random{static_cast<unsigned>(number + 1)};
  random.discard(3);
  const auto choice = random_below(100, random);
  if (choice < gc_or_status_limit) return call_gc_or_status(random);
  if (choice < orphan_limit) return add_orphan(number, random);
  if (choice < crash_limit) return remove_namespace_then_delete(random);
  for (auto index = random_below(containers_.size() * networks, random);; ++index) {
    auto& attachment = containers_.at(index / networks % containers_.size()).attachments.at(index % networks);
    const std::unique_lock lock{attachment.busy, std::try_to_lock};
    if (lock) return add_check_or_delete(attachment, random);
  }
}

void Storm::add_check_or_delete(Attachment& attachment, Random& random) {
  constexpr unsigned checks = 40;  // of a hundred
  if (attachment.result.is_null()) return add(attachment);
  if (random_below(100, random) < checks) return check(attachment);
  remove(attachment);
}

void Storm::add(Attachment& attachment) {
  auto call = attachment.call;
  call.command = "ADD";
  const auto answer = perform(call);
  if (answer.exit != 0) return;
  attachment.result = answer.result;
  record_addresses(answer.result, call.container + "/" + call.interface);
  check(attachment);
  count("CHECK right after ADD");
}

void Storm::check(const Attachment& attachment) {
  auto call = attachment.call;
  call.command = "CHECK";
  call.config["prevResult"] = attachment.result;
  perform(call);
}

void Storm::remove(Attachment& attachment) {
  release_addresses(attachment.result);
  auto call = attachment.call;
  call.command = "DEL";
  perform(call);
  attachment.result = nullptr;
}

/// The namespace of the container is removed first. Then the runtime deletes its attachments and makes a new namespace.
void Storm::remove_namespace_then_delete(Random& random) {
  const auto number = random_below(containers_.size(), random) / 10 * 10 + 1;
  auto& container = containers_.at(number < containers_.size() ? number : 1);
  auto& [first, second, third] = container.attachments;
  const std::scoped_lock lock{first.busy, second.busy, third.busy};
  container.namespace_->remove();
  for (auto& attachment : container.attachments)
    if (!attachment.result.is_null()) remove(attachment);
  container.namespace_.reset();
  container.namespace_.emplace(first.call.container);
  count("crashed containers");
}

/// Adds an attachment that no list of valid ones contains. The addresses of every second one are recorded until the
/// next GC.
void Storm::add_orphan(std::size_t number, Random& random) {
  const auto network = random_below(networks, random);
  auto index = random_below(containers_.size(), random);
  if (is_crash_candidate(index)) --index;
  const auto id = std::to_string(number);
  std::shared_lock lock{orphan_locks_.at(network), std::defer_lock};
  const bool is_recorded = number % 2 == 0;
  if (is_recorded) lock.lock();
  const auto answer = perform({.command = "ADD",
                               .container = "orphan-" + id,
                               .netns = containers_.at(index).attachments.front().call.netns,
                               .interface = orphan_prefix + id,
                               .config = network_of(network)});
  count("orphans");
  if (!is_recorded || answer.exit != 0) return;
  record_addresses(answer.result, "orphan-" + id);
  const std::lock_guard guard{mutex_};
  orphans_.at(network).push_back(answer.result);
}

void Storm::call_gc_or_status(Random& random) {
  const auto network = random_below(networks, random);
  switch (random_below(3, random)) {
    case 0:
      return gc(network);
    case 1:
      return gc(empty_network);
    default:
      perform({.command = "STATUS", .interface = "", .config = network_of(network)});
  }
}

void Storm::gc(std::size_t network) {
  std::vector<support::Valid> valid;
  std::unique_lock<std::shared_mutex> lock;
  if (network != empty_network) {
    lock = std::unique_lock{orphan_locks_.at(network)};
    release_orphans(network);
    for (const auto& container : containers_) {
      const auto& call = container.attachments.at(network).call;
      valid.push_back({call.container, call.interface});
    }
  }
  perform(support::gc_call(network_of(network), valid));
}

/// Every call must succeed.
Answer Storm::perform(const Call& call) {
  const auto begin = std::chrono::steady_clock::now();
  auto answer = support::call(call);
  const std::chrono::duration<double, std::milli> duration = std::chrono::steady_clock::now() - begin;
  if (answer.exit != 0) fail(describe(call.command + " of " + call.container + "/" + call.interface, answer));
  const std::lock_guard lock{mutex_};
  milliseconds_[call.command].push_back(duration.count());
  return answer;
}

void Storm::record_addresses(const json& result, const std::string& owner) {
  for (const int family : {4, 6}) {
    const auto address = support::address_of(result, family);
    std::unique_lock lock{mutex_};
    const auto [entry, is_new] = owners_.try_emplace(address, owner);
    const auto holder = entry->second;
    lock.unlock();
    if (is_new) continue;
    auto text = address;
    fail(text.append(" was allocated to ").append(owner).append(" while ").append(holder).append(" had it"));
  }
}

void Storm::release_addresses(const json& result) {
  const std::lock_guard lock{mutex_};
  for (const int family : {4, 6}) owners_.erase(support::address_of(result, family));
}

void Storm::release_orphans(std::size_t network) {
  std::unique_lock lock{mutex_};
  const auto results = std::exchange(orphans_.at(network), {});
  lock.unlock();
  for (const auto& result : results) release_addresses(result);
}

void Storm::count(const std::string& figure) {
  const std::lock_guard lock{mutex_};
  report_.figures[figure] = report_.figures.value(figure, 0) + 1;
}

void Storm::fail(const std::string& what) {
  const std::lock_guard lock{mutex_};
  report_.failures.push_back(what);
}

void Storm::check_orphans_are_deleted() {
  for (const auto& container : containers_) {
    for (const auto& link : support::ip(*container.namespace_, {"link"})) {
      const auto name = link.at("ifname").get<std::string>();
      if (name.starts_with(orphan_prefix)) fail("GC did not delete the orphaned interface " + name);
    }
  }
}

void Storm::finish() {
  for (std::size_t network = 0; network <= empty_network; ++network) gc(network);
  check_orphans_are_deleted();
  for (auto& container : containers_) {
    for (auto& attachment : container.attachments) {
      if (attachment.result.is_null()) continue;
      check(attachment);
      remove(attachment);
    }
  }
  const auto left = support::difference(before_, support::Snapshot::take());
  if (!left.empty()) fail("left after the storm: " + left);
  for (const auto& [verb, durations] : milliseconds_) {
    const auto summary = benchmark::summarize(durations);
    report_.points += summary.count;
    report_.figures[verb] = summary.count;
    report_.figures[verb + " p50 ms"] = summary.median;
    report_.figures[verb + " p99 ms"] = summary.p99;
  }
}

}  // namespace faults
