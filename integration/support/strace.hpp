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

/// Makes the call, and kills the plugin as it begins its `count`th system call of this name (from 1 on). The exit
/// status is 137 then; where it makes fewer of them, nothing happens to it.
Answer call_killed_at(Call call, const std::string& system_call, int count);

}  // namespace support
