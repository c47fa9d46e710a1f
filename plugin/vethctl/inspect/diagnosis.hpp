#pragma once

#include "plugin/vethctl/inspect/examination.hpp"
#include "plugin/vethctl/inspect/finding.hpp"

#include <vector>

namespace inspect {

/// The problems in order of severity. Equal problems of several attachments are one finding with several locations.
std::vector<Finding> diagnose(const Examination& examination);

}  // namespace inspect
