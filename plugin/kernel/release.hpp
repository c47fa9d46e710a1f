#pragma once

#include <string>

namespace kernel {

/// Whether the running kernel is Linux `major`.`minor` or newer, by uname(2). For what a kernel cannot be asked.
bool is_at_least(int major, int minor);

/// Whether the running kernel can have netkit: it is an option of its configuration (CONFIG_NETKIT).
inline bool has_netkit_version() { return is_at_least(6, 7); }

/// "6.1.0-50-amd64"
std::string release();

}  // namespace kernel
