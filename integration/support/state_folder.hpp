#pragma once

#include <string>

// The plugin's state on the node of this process.
namespace support {

constexpr auto state_root = "/run/veth-cni";

/// The folder of this boot and network namespace. Throws std::runtime_error if there is none.
std::string state_folder();

}  // namespace support
