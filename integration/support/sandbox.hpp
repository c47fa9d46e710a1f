#pragma once

#include <optional>
#include <string>

namespace support {

/// Makes this process root of a new user namespace, so that tests need no privileges on the machine. Returns the reason
/// if the kernel allows no such namespace. Like make_node, it must be called while the process has one thread.
std::optional<std::string> enter_sandbox();

/// Moves this process to a new node: new network and mount namespaces, empty /run, /var/lib and /var/log, `lo` up. The
/// machine's network and state, and those of earlier nodes, are not accessible from it. Throws std::system_error.
void make_node();

}  // namespace support
