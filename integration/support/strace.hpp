#pragma once

#include "integration/support/call.hpp"

#include <string>
#include <vector>

namespace support {

struct Traced {
  Answer answer;
  std::vector<std::string> programs;  ///< paths of the executed programs, that of the plugin first
};

/// Makes the call under strace.
Traced trace_programs(Call call);

}  // namespace support
