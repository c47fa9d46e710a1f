#pragma once

#include "plugin/kernel/prober.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace test {

/// A prober whose answers tests define. By default every packet is answered after 1 ms, and every namespace has a
/// route.
class FakeProber final : public kernel::Prober {
 public:
  std::function<kernel::ProbeAnswer(const kernel::ProbePacket&)> answer = [](const kernel::ProbePacket&) {
    return kernel::ProbeAnswer{.kind = kernel::ProbeAnswer::Kind::answered, .round_trip = std::chrono::milliseconds{1}};
  };
  std::map<std::string, std::optional<kernel::NextHop>> next_hops;  ///< by "<path of the namespace> <destination>"
  std::set<std::string> failed_neighbours;                          ///< "<path of the namespace> <address>"
  std::set<cni::Family> not_forwarded{};
  std::vector<std::vector<kernel::ProbePacket>> exchanges;  ///< the packets of each call
  std::vector<bool> traced;                                 ///< ProbeOptions::trace of each call

  std::vector<kernel::ProbeAnswer> exchange(std::span<const kernel::ProbePacket> packets,
                                            std::span<const kernel::Namespace> /*places*/,
                                            const kernel::ProbeOptions& options) override {
    exchanges.emplace_back(packets.begin(), packets.end());
    traced.push_back(options.trace);
    std::vector<kernel::ProbeAnswer> answers;
    for (const auto& packet : packets) answers.push_back(answer(packet));
    return answers;
  }
  std::optional<kernel::NextHop> find_next_hop(const cni::IpAddress& destination,
                                               const kernel::Namespace& netns) override {
    const auto found = next_hops.find(netns.path + ' ' + cni::to_string(destination));
    return found == next_hops.end() ? kernel::NextHop{.interface = "eth0"} : found->second;
  }
  bool has_failed_neighbour(const cni::IpAddress& address, const kernel::Namespace& netns) override {
    return failed_neighbours.contains(netns.path + ' ' + cni::to_string(address));
  }
  bool forwards(cni::Family family, const kernel::Namespace& /*netns*/) override {
    return !not_forwarded.contains(family);
  }
};

}  // namespace test
