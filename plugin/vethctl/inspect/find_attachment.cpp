#include "plugin/vethctl/inspect/find_attachment.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"

namespace inspect {
namespace {

using Candidates = std::vector<const Attachment*>;

Candidates candidates(const std::vector<Attachment>& attachments, const auto& is_match) {
  Candidates found;
  for (const auto& attachment : attachments) {
    if (is_match(attachment)) found.push_back(&attachment);
  }
  return found;
}

/// Exact matches; without one, the attachments whose container ID begins with the name.
Candidates matching(const std::vector<Attachment>& attachments, const std::string& name) {
  auto exact = candidates(attachments, [&](const Attachment& attachment) {
    return name == name_of(attachment) || name == attachment.identity.container || name == attachment.host_interface;
  });
  if (!exact.empty()) return exact;
  return candidates(attachments,
                    [&](const Attachment& attachment) { return attachment.identity.container.starts_with(name); });
}

std::string listed(const Candidates& some) {
  constexpr std::size_t limit = 10;
  std::vector<std::string> names;
  for (const auto* attachment : some) names.push_back(name_of(*attachment));
  return text::listed(names, limit);
}

[[noreturn]] void refuse_unknown(const std::vector<Attachment>& attachments, const std::string& name) {
  const auto all = candidates(attachments, [](const Attachment&) { return true; });
  throw cni::Error{cni::ErrorCode::invalid_environment, "there is no attachment " + text::quoted(name),
                   all.empty() ? "the node has no attachments" : "known attachments: " + listed(all)};
}

}  // namespace

std::string name_of(const cni::Attachment& identity) {
  return identity.network + '/' + identity.container + '/' + identity.interface;
}

std::string name_of(const Attachment& attachment) { return name_of(attachment.identity); }

const Attachment& find_attachment(const std::vector<Attachment>& attachments, const std::string& name) {
  const auto found = matching(attachments, name);
  if (found.empty()) refuse_unknown(attachments, name);
  if (found.size() == 1) return *found.front();
  throw cni::Error{cni::ErrorCode::invalid_environment,
                   text::quoted(name) + " is ambiguous: it matches " + listed(found)};
}

}  // namespace inspect
