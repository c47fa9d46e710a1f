#include "plugin/vethctl/probe/run_tests.hpp"

#include "plugin/vethctl/probe/path_mtu.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>

namespace probe {
namespace {

using kernel::ProbeAnswer;
using kernel::ProbePacket;

kernel::ProbeProtocol protocol_of(Kind kind) {
  if (kind == Kind::tcp) return kernel::ProbeProtocol::tcp;
  return kind == Kind::udp ? kernel::ProbeProtocol::udp : kernel::ProbeProtocol::icmp;
}

ProbePacket packet_of(const Test& test, const Places& places) {
  ProbePacket packet{.protocol = protocol_of(test.kind),
                     .from = places.of_endpoint.at(test.from).value(),
                     .destination = test.destination,
                     .port = test.port};
  const bool needs_listener = test.kind != Kind::icmp && test.port == 0;
  if (needs_listener) packet.listener = places.of_endpoint.at(test.to);
  return packet;
}

/// Whether the packet was seen to enter the namespace of the receiver.
bool has_arrived(const Test& test, const Places& places, const ProbeAnswer& answer) {
  const auto place = places.of_endpoint.at(test.to);
  return std::ranges::any_of(answer.sightings, [&](const kernel::Sighting& sighting) {
    return place == sighting.place && !sighting.is_outgoing && !sighting.is_answer;
  });
}

/// A rule of the host can refuse a connection in place of the receiver: then the packet has not arrived there.
Status status_of(const Test& test, const Plan& plan, const Places& places, const ProbeAnswer& answer) {
  using Kind = ProbeAnswer::Kind;
  const bool is_on_node = places.of_endpoint.at(test.to).has_value();
  if (answer.kind == Kind::answered) return Status::answered;
  if (answer.kind == Kind::refused) {
    const bool is_mapped = plan.endpoints[test.to].port != 0;
    return !is_on_node || is_mapped || has_arrived(test, places, answer) ? Status::refused : Status::lost;
  }
  const bool expects_no_answer = test.kind == probe::Kind::udp && test.port != 0 && answer.kind == Kind::lost;
  return expects_no_answer && has_arrived(test, places, answer) ? Status::arrived : Status::lost;
}

class Run {
 public:
  Run(const Tools& tools, const Plan& plan, const Places& places, const Options& options)
      : tools_(tools), plan_(plan), places_(places), options_(options) {
    for (const auto& test : plan.tests) results_.push_back({.test = test});
  }

  std::vector<Result> run() {
    const auto packets = select([](const Result& result) { return result.test.kind != Kind::path_mtu; });
    for (unsigned i = 0; i < options_.count; ++i) exchange(packets, false);
    const auto lost = select(
        [](const Result& result) { return result.test.kind != Kind::path_mtu && result.status == Status::lost; });
    if (!lost.empty()) exchange(lost, true);
    measure_path_mtus();
    return std::move(results_);
  }

 private:
  std::vector<std::size_t> select(const std::function<bool(const Result&)>& is_selected) const {
    std::vector<std::size_t> positions;
    for (std::size_t i = 0; i < results_.size(); ++i) {
      if (is_selected(results_[i])) positions.push_back(i);
    }
    return positions;
  }

  /// With a trace, which is the last exchange, also explains the losses.
  void exchange(const std::vector<std::size_t>& positions, bool with_trace) {
    std::vector<ProbePacket> packets;
    packets.reserve(positions.size());
    for (const auto position : positions) packets.push_back(packet_of(results_[position].test, places_));
    const auto answers =
        tools_.prober.exchange(packets, places_.namespaces, {.timeout = options_.timeout, .trace = with_trace});
    for (std::size_t i = 0; i < positions.size(); ++i) {
      auto& result = results_[positions[i]];
      add_answer(result, answers[i]);
      const bool is_final = with_trace && result.status == Status::lost;
      if (is_final) result.loss = explain_loss(tools_, {plan_, places_}, result.test, answers[i]);
    }
  }

  void add_answer(Result& result, const ProbeAnswer& answer) const {
    const auto status = status_of(result.test, plan_, places_, answer);
    ++result.sent;
    result.hops = hops_of(places_, answer);
    if (status == Status::lost) return;
    const bool is_shortest = result.answered == 0 || answer.round_trip < result.round_trip;
    if (is_shortest && status != Status::arrived) result.round_trip = answer.round_trip;
    result.status = status;
    ++result.answered;
  }

  /// The answered echo request to the same destination; null: none.
  const Result* find_echo(const Test& test) const {
    const auto found = std::ranges::find_if(results_, [&](const Result& result) {
      return result.test.kind == Kind::icmp && result.test.from == test.from &&
             result.test.destination == test.destination && result.status == Status::answered;
    });
    return found == results_.end() ? nullptr : &*found;
  }

  /// Where no echo request is answered, there is nothing to measure: these results are removed.
  void measure_path_mtus() {
    std::erase_if(results_, [&](const Result& result) {
      return result.test.kind == Kind::path_mtu && find_echo(result.test) == nullptr;
    });
    std::vector<Result*> measured;
    for (auto& result : results_) {
      if (result.test.kind != Kind::path_mtu) continue;
      result.round_trip = find_echo(result.test)->round_trip;
      measured.push_back(&result);
    }
    if (!measured.empty()) probe::measure_path_mtus(tools_, places_, measured, options_.timeout);
    for (auto* result : measured) {
      if (result->status == Status::lost) result->loss = explain_black_hole(tools_, plan_, places_, result->mtu);
    }
  }

  const Tools& tools_;
  const Plan& plan_;
  const Places& places_;
  const Options& options_;
  std::vector<Result> results_{};
};

}  // namespace

std::vector<Result> run_tests(const Tools& tools, const Plan& plan, const Places& places, const Options& options) {
  return Run{tools, plan, places, options}.run();
}

}  // namespace probe
