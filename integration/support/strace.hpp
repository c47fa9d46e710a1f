#pragma once

#include "integration/support/call.hpp"

#include <string>
#include <vector>

namespace support {

struct Traced {
  Answer answer;
  std::vector<std::string> programs;  ///< that were started: paths, that of the plugin first
};

/// Makes the call.
Traced trace_programs(Call call);

}  // namespace support
