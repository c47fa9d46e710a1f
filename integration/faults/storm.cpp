#include "integration/faults/storm.hpp"

#include "integration/benchmark/summary.hpp"
#include "integration/faults/examine.hpp"
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

/// The third network has all that an attachment can have.
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

std::size_t below(std::size_t count, std::minstd_rand& random) { return random() % count; }

constexpr auto forgotten_name = "f";  // begins the names of interfaces that are forgotten

/// One of ten, of a few one too.
bool loses_namespace(std::size_t container) { return container % 10 == 1; }

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
  for (auto& attachment : containers_.front().attachments) {  // what stays after DEL is there from now on
    add(attachment);
    remove(attachment);
  }
  before_ = support::Snapshot::take();
}

void Storm::blow(std::size_t operations, std::size_t at_once) {
  support::in_parallel(operations, at_once, [this](std::size_t number) { operate(operations_ + number); });
  operations_ += operations;
}

void Storm::operate(std::size_t number) {
  constexpr unsigned questions = 6;  // of a hundred
  constexpr unsigned forgotten = 10;
  constexpr unsigned lost = 12;
  Random random{static_cast<unsigned>(number + 1)};
  random.discard(3);
  const auto choice = below(100, random);
  if (choice < questions) return ask_about(random);
  if (choice < forgotten) return forget(number, random);
  if (choice < lost) return lose_namespace(random);
  for (auto place = below(containers_.size() * networks, random);; ++place) {
    auto& attachment = containers_.at(place / networks % containers_.size()).attachments.at(place % networks);
    const std::unique_lock lock{attachment.is_at_work, std::try_to_lock};
    if (lock) return change(attachment, random);
  }
}

void Storm::change(Attachment& attachment, Random& random) {
  constexpr unsigned checks = 40;  // of a hundred
  if (attachment.result.is_null()) return add(attachment);
  if (below(100, random) < checks) return check(attachment);
  remove(attachment);
}

void Storm::add(Attachment& attachment) {
  auto call = attachment.call;
  call.command = "ADD";
  const auto answer = perform(call);
  if (answer.exit != 0) return;
  attachment.result = answer.result;
  note_addresses(answer.result, call.container + "/" + call.interface);
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
  drop_addresses(attachment.result);
  auto call = attachment.call;
  call.command = "DEL";
  perform(call);
  attachment.result = nullptr;
}

/// A container that crashes: the namespace goes, then the runtime deletes what it knows, and begins anew.
void Storm::lose_namespace(Random& random) {
  const auto number = below(containers_.size(), random) / 10 * 10 + 1;
  auto& container = containers_.at(number < containers_.size() ? number : 1);
  auto& [first, second, third] = container.attachments;
  const std::scoped_lock lock{first.is_at_work, second.is_at_work, third.is_at_work};
  container.namespace_->remove();
  for (auto& attachment : container.attachments)
    if (!attachment.result.is_null()) remove(attachment);
  container.namespace_.reset();
  container.namespace_.emplace(first.call.container);
  count("namespaces lost");
}

/// An attachment that no list of valid ones names. Of every second it is known whose its addresses are until GC comes.
void Storm::forget(std::size_t number, Random& random) {
  const auto network = below(networks, random);
  auto place = below(containers_.size(), random);
  if (loses_namespace(place)) --place;
  const auto id = std::to_string(number);
  std::shared_lock lock{forgetting_.at(network), std::defer_lock};
  const bool is_known = number % 2 == 0;
  if (is_known) lock.lock();
  const auto answer = perform({.command = "ADD",
                               .container = "forgotten-" + id,
                               .netns = containers_.at(place).attachments.front().call.netns,
                               .interface = forgotten_name + id,
                               .config = network_of(network)});
  count("forgotten");
  if (!is_known || answer.exit != 0) return;
  note_addresses(answer.result, "forgotten-" + id);
  const std::lock_guard guard{mutex_};
  forgotten_.at(network).push_back(answer.result);
}

void Storm::ask_about(Random& random) {
  const auto network = below(networks, random);
  switch (below(3, random)) {
    case 0:
      return collect(network);
    case 1:
      return collect(empty_network);
    default:
      perform({.command = "STATUS", .interface = "", .config = network_of(network)});
  }
}

void Storm::collect(std::size_t network) {
  std::vector<support::Valid> valid;
  std::unique_lock<std::shared_mutex> lock;
  if (network != empty_network) {
    lock = std::unique_lock{forgetting_.at(network)};
    drop_forgotten(network);
    for (const auto& container : containers_) {
      const auto& call = container.attachments.at(network).call;
      valid.push_back({call.container, call.interface});
    }
  }
  perform(support::collection(network_of(network), valid));
}

/// All of them have to succeed.
Answer Storm::perform(const Call& call) {
  const auto begin = std::chrono::steady_clock::now();
  auto answer = support::call(call);
  const std::chrono::duration<double, std::milli> duration = std::chrono::steady_clock::now() - begin;
  if (answer.exit != 0) fail(told(call.command + " of " + call.container + "/" + call.interface, answer));
  const std::lock_guard lock{mutex_};
  milliseconds_[call.command].push_back(duration.count());
  return answer;
}

void Storm::note_addresses(const json& result, const std::string& owner) {
  for (const int family : {4, 6}) {
    const auto address = support::address_of(result, family);
    std::unique_lock lock{mutex_};
    const auto [other, is_new] = owners_.try_emplace(address, owner);
    const auto holder = other->second;
    lock.unlock();
    if (is_new) continue;
    auto fault = address;
    fail(fault.append(" was given to ").append(owner).append(" while ").append(holder).append(" had it"));
  }
}

void Storm::drop_addresses(const json& result) {
  const std::lock_guard lock{mutex_};
  for (const int family : {4, 6}) owners_.erase(support::address_of(result, family));
}

void Storm::drop_forgotten(std::size_t network) {
  std::unique_lock lock{mutex_};
  const auto results = std::exchange(forgotten_.at(network), {});
  lock.unlock();
  for (const auto& result : results) drop_addresses(result);
}

void Storm::count(const std::string& figure) {
  const std::lock_guard lock{mutex_};
  report_.figures[figure] = report_.figures.value(figure, 0) + 1;
}

void Storm::fail(const std::string& what) {
  const std::lock_guard lock{mutex_};
  report_.failures.push_back(what);
}

void Storm::collect_all() {
  for (std::size_t network = 0; network <= empty_network; ++network) collect(network);
}

void Storm::look_for_forgotten() {
  for (const auto& container : containers_) {
    for (const auto& link : support::ip(*container.namespace_, {"link"})) {
      const auto name = link.at("ifname").get<std::string>();
      if (name.starts_with(forgotten_name)) fail("GC has left the forgotten interface " + name);
    }
  }
}

void Storm::calm_down() {
  collect_all();
  look_for_forgotten();
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
