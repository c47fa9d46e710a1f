#pragma once

#include <sys/types.h>

// Only the user who runs the plugin reads and changes the state.
namespace state {

constexpr mode_t private_file = 0600;
constexpr mode_t private_directory = 0700;

}  // namespace state
