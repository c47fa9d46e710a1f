#include "plugin/cni/chain_member.hpp"

namespace cni {
namespace {

constexpr char member_separator = ':';

}  // namespace

Attachment attachment_of_member(const Attachment& attachment, std::string_view member) {
  return {attachment.network, attachment.container, attachment.interface + member_separator + std::string{member}};
}

bool is_of_chain_member(const Attachment& attachment) {
  return attachment.interface.find(member_separator) != std::string::npos;
}

Attachment without_member(const Attachment& attachment) {
  return {attachment.network, attachment.container,
          attachment.interface.substr(0, attachment.interface.find(member_separator))};
}

}  // namespace cni
