#pragma once

#include "plugin/veth_node/diagnosis/examination.hpp"
#include "plugin/vethctl/inspect/finding.hpp"

#include <vector>

namespace diagnosis {

/// Blocks whose file and entry in the store differ, blocks in quarantine, and files of another pool. Without the store
/// only what the files contain.
std::vector<inspect::Finding> find_block_faults(const Examination& examination);

}  // namespace diagnosis
