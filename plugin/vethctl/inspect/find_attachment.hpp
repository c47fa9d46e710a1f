#pragma once

#include "plugin/vethctl/inspect/node.hpp"

#include <string>
#include <vector>

namespace inspect {

/// "network/container/interface": the name of an attachment on the command line and in messages.
std::string name_of(const cni::Attachment& identity);
std::string name_of(const Attachment& attachment);

/// Finds an attachment by name_of, by its host interface, by its container ID or by the beginning of that. Throws
/// cni::Error with the candidates if none or several match.
const Attachment& find_attachment(const std::vector<Attachment>& attachments, const std::string& name);

}  // namespace inspect
