#pragma once

#include "plugin/vethctl/inspect/find_attachment.hpp"
#include "plugin/vethctl/inspect/node.hpp"

#include <string>
#include <vector>

// Attachments by the operands of a command.
namespace vethctl {

/// What a user may write for an attachment: a paragraph of the descriptions of commands.
inline constexpr const char* attachment_operand_help =
    "ATTACHMENT is one of: an address of either end; a container, or the beginning of its name; CONTAINER/INTERFACE or "
    "NETWORK/CONTAINER/INTERFACE; the name, the path or a process ID of a network namespace; an interface of the host; "
    "one end as NAMESPACE:INTERFACE; a network. A whole name has precedence over the beginning of one. If several "
    "match, they are listed, and the exit status is 2.";

/// The only attachment that the word names. Throws UsageError with the candidates if there are several, and cni::Error
/// with similar names if there is none.
const inspect::Attachment& select_one(const std::vector<inspect::Attachment>& attachments, const std::string& word);

/// All attachments of the container, the namespace, the address or the network that the word names. Throws as
/// select_one(), if the word is the beginning of the names of several containers or names nothing.
std::vector<inspect::Attachment> select(const std::vector<inspect::Attachment>& attachments, const std::string& word);

}  // namespace vethctl
