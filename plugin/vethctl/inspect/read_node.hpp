#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/vethctl/inspect/node.hpp"

#include <vector>

namespace inspect {

/// Path of the host's network namespace, opened like that of a container.
constexpr const char* host_namespace_path = "/proc/self/ns/net";

/// Reads the records of the folders and lists the links of the kernel once. Changes nothing. Throws std::system_error.
Node read_node(kernel::Inspector& inspector, const std::vector<state::Folder>& folders);

/// Only the attachments: bridges and gateways need further requests to the kernel.
std::vector<Attachment> read_attachments(kernel::Inspector& inspector, const std::vector<state::Folder>& folders);

}  // namespace inspect
