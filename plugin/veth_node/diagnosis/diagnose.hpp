#pragma once

#include "plugin/veth_node/diagnosis/examination.hpp"
#include "plugin/vethctl/inspect/finding.hpp"

#include <vector>

namespace diagnosis {

/// The problems of this node in its cluster, sorted by severity.
std::vector<inspect::Finding> diagnose(const Examination& examination);

}  // namespace diagnosis
