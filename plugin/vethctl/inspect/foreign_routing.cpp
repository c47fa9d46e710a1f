#include "plugin/vethctl/inspect/foreign_routing.hpp"

#include "plugin/cni/error.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <system_error>
#include <utility>

namespace inspect {
namespace {

using ByAddress = std::multimap<cni::IpAddress, cni::Attachment>;

ByAddress by_address(const std::vector<Detail>& attachments) {
  ByAddress found;
  for (const auto& detail : attachments) {
    for (const auto& prefix : detail.attachment.addresses) found.emplace(prefix.address, detail.attachment.identity);
  }
  return found;
}

/// The attachments with an address in the prefix. Some network plugins add a rule for each container, so the cost does
/// not depend on the number of the other attachments.
void add_matching(const ByAddress& addresses, const std::optional<cni::Prefix>& selector,
                  std::set<cni::Attachment>& matching) {
  if (!selector || selector->length == 0) return;
  const auto end = addresses.upper_bound(cni::last_address(*selector));
  for (auto each = addresses.lower_bound(cni::first_address(*selector)); each != end; ++each) {
    matching.insert(each->second);
  }
}

/// The rules that the kernel adds to each namespace (fib_default_rules_init() in net/ipv4/fib_rules.c).
bool is_default(const kernel::PolicyRule& rule) {
  constexpr std::uint32_t main_priority = 32766;
  const bool has_selector = rule.source || rule.destination || rule.is_conditional || rule.suppressed;
  return !has_selector && rule.action == kernel::PolicyRule::Action::lookup &&
         (rule.priority == 0 || rule.priority >= main_priority);
}

/// Whether the attachment has a route to the destination of `entry` or to a part of it, and packets use `entry`.
bool covers(const kernel::Routing& routing, const kernel::RouteEntry& entry, const Detail& detail) {
  if (!detail.wanted) return false;
  return std::ranges::any_of(detail.wanted->container.routes, [&](const wiring::Route& route) {
    const auto& destination = route.destination.address;
    if (destination.family != entry.route.destination.address.family) return false;
    return kernel::find_entry(routing, destination) == entry;
  });
}

std::optional<kernel::Namespace> open(kernel::Inspector& inspector, const std::string& path) try {
  return inspector.kernel.open_namespace(path, true);
} catch (const cni::Error&) {
  return std::nullopt;
} catch (const std::system_error&) {
  return std::nullopt;
}

}  // namespace

std::vector<MatchingRule> find_matching_rules(const std::vector<kernel::PolicyRule>& rules,
                                              const std::vector<Detail>& attachments) {
  const auto addresses = by_address(attachments);
  std::vector<MatchingRule> all;
  for (const auto& rule : rules) {
    std::set<cni::Attachment> matching;
    add_matching(addresses, rule.source, matching);
    add_matching(addresses, rule.destination, matching);
    for (const auto& attachment : matching) all.push_back({rule, attachment});
  }
  return all;
}

std::optional<ContainerRouting> find_unusual(const kernel::Routing& routing, const Detail& detail) {
  ContainerRouting unusual{.attachment = detail.attachment.identity, .netns = detail.attachment.netns};
  for (const auto* entry : routing.tables.rejecting()) {
    (covers(routing, *entry, detail) ? unusual.covering : unusual.rejecting).push_back(*entry);
  }
  std::ranges::remove_copy_if(routing.rules, std::back_inserter(unusual.rules), is_default);
  const bool is_usual = unusual.covering.empty() && unusual.rejecting.empty() && unusual.rules.empty();
  return is_usual ? std::nullopt : std::optional{std::move(unusual)};
}

std::vector<ContainerRouting> read_container_routing(kernel::Inspector& inspector,
                                                     const std::vector<Detail>& attachments) {
  std::vector<ContainerRouting> all;
  std::set<std::string> seen;
  for (const auto& detail : attachments) {
    if (!detail.observed.container || !seen.insert(detail.attachment.netns).second) continue;
    const auto netns = open(inspector, detail.attachment.netns);
    if (!netns) continue;
    if (auto unusual = find_unusual(inspector.read_routing(*netns), detail)) all.push_back(*std::move(unusual));
  }
  return all;
}

}  // namespace inspect
