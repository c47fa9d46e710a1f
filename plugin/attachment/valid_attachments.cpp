#include "plugin/attachment/valid_attachments.hpp"

namespace attachment {

std::optional<std::set<cni::Tag>> valid_tags(const cni::Request& request) {
  if (!request.config.valid_attachments) return std::nullopt;
  std::set<cni::Tag> valid;
  for (const auto& [container, interface] : *request.config.valid_attachments) {
    valid.insert(cni::tag_of({request.attachment.network, container, interface}));
  }
  return valid;
}

}  // namespace attachment
