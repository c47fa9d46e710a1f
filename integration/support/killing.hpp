#pragma once

#include "integration/support/call.hpp"

#include <cstddef>

namespace support {

/// Makes the call and kills the plugin when it is about to make its system call number `number`, counted from the
/// beginning of the program. False where it ended before.
bool kill_at_system_call(const Call& call, std::size_t number);

}  // namespace support
