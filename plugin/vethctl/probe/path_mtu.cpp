#include "plugin/vethctl/probe/path_mtu.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace probe {
namespace {

using kernel::ProbeAnswer;

constexpr std::uint32_t answered_bytes = 84;  ///< of ProbePacket, which was answered before
constexpr std::uint32_t largest_packet = 65'535;

/// The search for one path MTU: `passing` bytes pass, `failing` bytes do not.
struct PathMtuSearch {
  Result* result = nullptr;
  std::uint32_t passing = answered_bytes;
  std::uint32_t failing = 0;
  std::uint32_t next = 0;  ///< the size to be tried
  bool is_silent = false;  ///< a packet was lost without an ICMP error

  bool is_complete() const { return passing + 1 >= failing; }

  void add(const ProbeAnswer& answer) {
    result->sent += 1;
    if (answer.kind == ProbeAnswer::Kind::answered) {
      result->answered += 1;
      passing = next;
    } else {
      failing = next;
      is_silent = is_silent || answer.kind == ProbeAnswer::Kind::lost;
    }
    const bool is_reported = answer.kind == ProbeAnswer::Kind::too_big && answer.mtu > passing && answer.mtu < failing;
    next = is_reported ? answer.mtu : passing + (failing - passing) / 2;
    if (is_reported) failing = answer.mtu + 1;
  }

  void finish() const {
    result->mtu = passing;
    result->status = is_silent ? Status::lost : Status::answered;
  }
};

std::uint32_t interface_mtu(const Tools& tools, const Places& places, const Test& test) {
  const auto& netns = places.namespaces[places.of_endpoint.at(test.from).value()];
  const auto hop = tools.prober.find_next_hop(test.destination, netns);
  const auto found = hop ? tools.inspector.find_interface(hop->interface, netns) : std::nullopt;
  return found ? std::min(found->mtu, largest_packet) : answered_bytes;
}

/// Several round trips of the small packet that was answered before.
std::chrono::milliseconds timeout_of(const Result& result, std::chrono::milliseconds limit) {
  constexpr std::chrono::milliseconds shortest{100};
  constexpr int round_trips = 4;
  const auto wanted = std::chrono::ceil<std::chrono::milliseconds>(round_trips * result.round_trip);
  return std::min(std::max(wanted, shortest), limit);
}

std::vector<PathMtuSearch> searches_of(const Tools& tools, const Places& places, const std::vector<Result*>& results) {
  std::vector<PathMtuSearch> searches;
  for (auto* result : results) {
    result->interface_mtu = interface_mtu(tools, places, result->test);
    searches.push_back({.result = result, .failing = result->interface_mtu + 1, .next = result->interface_mtu});
  }
  return searches;
}

void exchange(const Tools& tools, const Places& places, const std::vector<PathMtuSearch*>& searches,
              std::chrono::milliseconds limit) {
  std::chrono::milliseconds timeout{};
  std::vector<kernel::ProbePacket> packets;
  for (const auto* search : searches) {
    const auto& test = search->result->test;
    timeout = std::max(timeout, timeout_of(*search->result, limit));
    packets.push_back({.from = places.of_endpoint.at(test.from).value(),
                       .destination = test.destination,
                       .ip_bytes = search->next,
                       .may_fragment = false});
  }
  const auto answers = tools.prober.exchange(packets, places.namespaces, {.timeout = timeout});
  for (std::size_t i = 0; i < searches.size(); ++i) searches[i]->add(answers[i]);
}

}  // namespace

void measure_path_mtus(const Tools& tools, const Places& places, const std::vector<Result*>& results,
                       std::chrono::milliseconds timeout) {
  auto searches = searches_of(tools, places, results);
  for (;;) {
    std::vector<PathMtuSearch*> open;
    for (auto& search : searches) {
      if (!search.is_complete()) open.push_back(&search);
    }
    if (open.empty()) break;
    exchange(tools, places, open, timeout);
  }
  for (const auto& search : searches) search.finish();
}

}  // namespace probe
