#pragma once

#include "plugin/vethctl/inspect/node.hpp"

#include <string>
#include <vector>

namespace inspect {

/// "network/container/interface", as an attachment is called on the command line.
std::string name_of(const cni::Attachment& identity);
std::string name_of(const Attachment& attachment);

/// The one that a person means: by name_of, by the name of the host's interface, or by its container or the beginning
/// of that. Throws cni::Error where none or several can be meant; it names the candidates.
const Attachment& find_attachment(const std::vector<Attachment>& attachments, const std::string& name);

}  // namespace inspect
