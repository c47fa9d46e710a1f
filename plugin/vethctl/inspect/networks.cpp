#include "plugin/vethctl/inspect/networks.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"

#include <set>

namespace inspect {
namespace {

std::set<std::string> networks(kernel::Inspector& inspector, const std::vector<state::Folder>& folders) {
  std::set<std::string> all;
  for (const auto& folder : folders) {
    for (const auto& network : folder.records.networks()) all.insert(network);
  }
  for (const auto& link : inspector.host_links()) {
    if (const auto attachment = cni::attachment_of_alias(link.alias)) all.insert(attachment->network);
  }
  return all;
}

std::string listed(const std::set<std::string>& networks) {
  constexpr std::size_t limit = 20;
  return text::listed({networks.begin(), networks.end()}, limit);
}

}  // namespace

bool is_network(const std::string& name, kernel::Inspector& inspector, const std::vector<state::Folder>& folders) {
  return networks(inspector, folders).contains(name);
}

void require_network(const std::optional<std::string>& network, kernel::Inspector& inspector,
                     const std::vector<state::Folder>& folders) {
  if (!network) return;
  const auto known = networks(inspector, folders);
  if (known.contains(*network)) return;
  throw cni::Error{cni::ErrorCode::invalid_environment,
                   "there is no network " + text::quoted(*network) + " on this node",
                   known.empty() ? "the node has no attachments" : "known networks: " + listed(known)};
}

}  // namespace inspect
