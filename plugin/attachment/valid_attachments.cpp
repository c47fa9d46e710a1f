#include "plugin/attachment/valid_attachments.hpp"

#include "plugin/cni/chain_member.hpp"

namespace attachment {

std::optional<std::set<cni::Tag>> valid_tags(const cni::Request& request) {
  if (!request.config.valid_attachments) return std::nullopt;
  std::set<cni::Tag> valid;
  for (const auto& [container, interface] : *request.config.valid_attachments) {
    const cni::Attachment attachment{request.attachment.network, container, interface};
    valid.insert(cni::tag_of(attachment));
    for (const auto member : cni::chain_members)
      valid.insert(cni::tag_of(cni::attachment_of_member(attachment, member)));
  }
  return valid;
}

}  // namespace attachment
