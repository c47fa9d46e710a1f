#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/vethctl/inspect/node.hpp"

#include <vector>

namespace inspect {

/// The host's own network namespace, to be opened as one of a container is.
constexpr const char* host_namespace_path = "/proc/self/ns/net";

/// All that is on record in the folders or stands in the kernel: the records say what should be, one listing of the
/// kernel's links whether it is. Changes nothing. Throws std::system_error.
Node read_node(kernel::Inspector& inspector, const std::vector<state::Folder>& folders);

/// The attachments alone: bridges and gateways are left out, which cost more questions.
std::vector<Attachment> read_attachments(kernel::Inspector& inspector, const std::vector<state::Folder>& folders);

}  // namespace inspect
