#include "plugin/vethctl/selection.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/command.hpp"

namespace vethctl {
namespace {

std::string listed(const inspect::Candidates& some) {
  constexpr std::size_t limit = 10;
  std::vector<std::string> names;
  names.reserve(some.size());
  for (const auto* attachment : some) names.push_back(inspect::name_of(*attachment));
  return text::listed(names, limit);
}

[[noreturn]] void refuse_ambiguous(const inspect::Candidates& found, const std::string& word) {
  throw UsageError{text::quoted(word) + " is ambiguous: it matches " + listed(found),
                   "give NETWORK/CONTAINER/INTERFACE, as listed"};
}

std::string advice_for(const std::vector<inspect::Attachment>& attachments, const std::string& word) {
  if (attachments.empty()) return "the node has no attachments";
  if (const auto similar = inspect::find_similar(attachments, word); !similar.empty()) {
    return "similar names: " + listed(similar);
  }
  inspect::Candidates all;
  for (const auto& attachment : attachments) all.push_back(&attachment);
  return "known attachments: " + listed(all);
}

inspect::Candidates find(const std::vector<inspect::Attachment>& attachments, const std::string& word) {
  auto found = inspect::find_attachments(attachments, word);
  if (!found.empty()) return found;
  throw cni::Error{cni::ErrorCode::invalid_environment, "there is no attachment " + text::quoted(word),
                   advice_for(attachments, word)};
}

}  // namespace

const inspect::Attachment& select_one(const std::vector<inspect::Attachment>& attachments, const std::string& word) {
  const auto found = find(attachments, word);
  if (found.size() > 1) refuse_ambiguous(found, word);
  return *found.front();
}

std::vector<inspect::Attachment> select(const std::vector<inspect::Attachment>& attachments, const std::string& word) {
  const auto found = find(attachments, word);
  if (inspect::is_common_beginning(found, word)) refuse_ambiguous(found, word);
  std::vector<inspect::Attachment> selected;
  selected.reserve(found.size());
  for (const auto* attachment : found) selected.push_back(*attachment);
  return selected;
}

}  // namespace vethctl
