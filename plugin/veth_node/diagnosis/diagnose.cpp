#include "plugin/veth_node/diagnosis/diagnose.hpp"

#include "plugin/veth_node/diagnosis/block_faults.hpp"
#include "plugin/veth_node/diagnosis/membership.hpp"
#include "plugin/veth_node/diagnosis/network_faults.hpp"
#include "plugin/veth_node/diagnosis/reachability.hpp"

#include <algorithm>
#include <iterator>

namespace diagnosis {

std::vector<inspect::Finding> diagnose(const Examination& examination) {
  auto all = find_membership_faults(examination);
  for (const auto find : {find_network_faults, find_reachability_faults, find_block_faults}) {
    std::ranges::move(find(examination), std::back_inserter(all));
  }
  std::ranges::stable_sort(all, {}, &inspect::Finding::severity);
  return all;
}

}  // namespace diagnosis
