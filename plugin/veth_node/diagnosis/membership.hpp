#pragma once

#include "plugin/veth_node/diagnosis/examination.hpp"
#include "plugin/vethctl/inspect/finding.hpp"

#include <vector>

namespace diagnosis {

/// What is wrong between this node and the store: no answer, the entry of this node, pools, and entries that cannot be
/// used.
std::vector<inspect::Finding> find_membership_faults(const Examination& examination);

}  // namespace diagnosis
