#pragma once

#include <optional>
#include <string>

namespace support {

/// Makes this process root of a user namespace of its own, so that all that follows needs no rights on the machine.
/// Gives the reason where the kernel allows no such namespaces. As make_node, it has to be called while the process has
/// one thread.
std::optional<std::string> enter_sandbox();

/// Makes this process live on a node of its own: new network and mount namespaces, empty /run, /var/lib and /var/log,
/// `lo` up. Nothing that follows can reach the machine's own network or state, nor that of an earlier node. Throws
/// std::system_error.
void make_node();

}  // namespace support
