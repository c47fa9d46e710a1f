// Ranges, and the search for an address in them. The input is the value of the key "ranges".
#include "ipam/range.hpp"
#include "plugin/cni/network_config.hpp"
#include "test/fuzz/input.hpp"

#include <algorithm>

namespace fuzz {
namespace {

void expect_candidate(const ipam::RangeSet& set, const cni::IpAddress& address) {
  const auto* range = ipam::find_range(set, address);
  expect(range != nullptr && ipam::contains(*range, address), "a candidate is in a range");
  expect(range->gateway != address, "the gateway is never given out");
  expect(ipam::find_exclusion(*range, address) == nullptr, "an excluded address is never given out");
}

void check_search(const ipam::RangeSet& set) {
  constexpr int steps = 50;
  auto address = ipam::first_candidate(set);
  std::vector<cni::IpAddress> taken;
  for (int step = 0; address && step < steps; ++step) {
    expect_candidate(set, *address);
    taken.push_back(*address);
    address = ipam::next_candidate(set, *address);
  }
  if (taken.empty()) return;
  std::ranges::sort(taken);
  const auto free = ipam::next_free(set, taken.front(), taken);
  if (free) expect_candidate(set, *free);
  expect(!free || std::ranges::find(taken, *free) == taken.end(), "a free address is not taken");
}

}  // namespace

void check_input(std::string_view text) {
  const auto config = R"({"cniVersion":"1.1.0","name":"net","type":"veth","ipam":{"type":"veth-ipam","ranges":)" +
                      std::string{text} + "}}";
  allow_cni_error([&] {
    for (const auto& set : ipam::checked_range_sets(cni::parse_network_config(config, cni::Verb::add, {}))) {
      expect(!ipam::to_string(set).empty(), "a set of ranges can be printed");
      check_search(set);
    }
  });
}

}  // namespace fuzz
