#pragma once

#include "plugin/vethctl/inspect/examination.hpp"
#include "plugin/vethctl/inspect/finding.hpp"

#include <vector>

namespace inspect {

/// What is not well, the worst first. What is said of several attachments in the same words is one finding.
std::vector<Finding> diagnose(const Examination& examination);

}  // namespace inspect
