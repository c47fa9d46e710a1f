#include "integration/faults/storm.hpp"

#include "integration/benchmark/summary.hpp"
#include "integration/faults/examine.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/parallel.hpp"
#include "integration/support/sandbox.hpp"

#include <array>
#include <chrono>

namespace faults {
namespace {

using nlohmann::json;
using support::Answer;
using support::Call;

constexpr std::size_t networks_in_all = 3;

json network_of(std::size_t number) {
  constexpr std::array modes{"ptp", "bridge", "ptp"};
  const auto text = std::to_string(number + 1);
  auto config = support::in_mode(modes.at(number));
  config["name"] = "net" + text;
  config["ipam"] = support::veth_ipam({"10." + text + ".0.0/22", "fd00:" + text + "::/64"});
  config["ipMasq"] = number == 0;
  return config;
}

/// The third network has all that an attachment can have.
json config_of(std::size_t network, std::size_t attachment) {
  constexpr std::size_t first_port = 10'000;
  constexpr int megabit = 1'000'000;
  auto config = network_of(network);
  if (network != 2) return config;
  config["runtimeConfig"]["portMappings"] = {
      {{"hostPort", first_port + attachment}, {"containerPort", 80}, {"protocol", "tcp"}}};
  config["runtimeConfig"]["bandwidth"] = {{"ingressRate", 100 * megabit}, {"egressRate", 100 * megabit}};
  return config;
}

std::size_t below(std::size_t count, std::minstd_rand& random) { return random() % count; }

}  // namespace

Storm::Storm(std::size_t containers, Report& report) : report_(report) {
  support::make_node();
  for (std::size_t number = 0; number < containers; ++number) {
    const auto id = "c" + std::to_string(number);
    containers_.push_back(support::Container{id});
    for (std::size_t network = 0; network < networks_in_all; ++network) {
      auto& attachment = attachments_.emplace_back();
      attachment.network = network;
      attachment.call = {.command = "",
                         .container = id,
                         .netns = containers_.back().netns.path(),
                         .interface = "eth" + std::to_string(network),
                         .config = config_of(network, attachments_.size())};
    }
  }
  for (auto& attachment : attachments_) {  // what stays after DEL is there from now on
    if (attachment.call.container != "c0") continue;
    add(attachment);
    remove(attachment);
  }
  before_ = support::Snapshot::take();
}

void Storm::blow(std::size_t operations, std::size_t at_once) {
  support::in_parallel(operations, at_once, [this](std::size_t number) { operate(number); });
}

void Storm::operate(std::size_t number) {
  constexpr unsigned questions = 4;  // of a hundred
  constexpr unsigned losses = 8;
  Random random{static_cast<unsigned>(report_.points + number + 1)};
  random.discard(3);
  const auto choice = below(100, random);
  if (choice < questions) return ask_about(random);
  if (choice < losses) return forget(number, random);
  for (auto place = below(attachments_.size(), random);; place = (place + 1) % attachments_.size()) {
    auto& attachment = attachments_.at(place);
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
}

void Storm::check(Attachment& attachment) {
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

/// An attachment that no list of valid ones names.
void Storm::forget(std::size_t number, Random& random) {
  const auto network = below(networks_in_all, random);
  const auto id = std::to_string(number);
  perform({.command = "ADD",
           .container = "forgotten-" + id,
           .netns = containers_.at(below(containers_.size(), random)).netns.path(),
           .interface = "f" + id,
           .config = network_of(network)});
}

void Storm::ask_about(Random& random) {
  const auto network = below(networks_in_all, random);
  if (below(2, random) == 0) return collect(network);
  perform({.command = "STATUS", .interface = "", .config = network_of(network)});
}

void Storm::collect(std::size_t network) {
  auto config = network_of(network);
  config["cni.dev/valid-attachments"] = json::array();
  for (const auto& attachment : attachments_)
    config["cni.dev/valid-attachments"].push_back(
        {{"containerID", attachment.call.container}, {"ifname", attachment.call.interface}});
  perform({.command = "GC", .interface = "", .config = config});
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

void Storm::fail(const std::string& what) {
  const std::lock_guard lock{mutex_};
  report_.failures.push_back(what);
}

void Storm::calm_down() {
  for (std::size_t network = 0; network < networks_in_all; ++network) collect(network);
  for (auto& attachment : attachments_)
    if (!attachment.result.is_null()) remove(attachment);
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
