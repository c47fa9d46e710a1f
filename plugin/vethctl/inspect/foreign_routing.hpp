#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/vethctl/inspect/detail.hpp"

#include <optional>
#include <string>
#include <vector>

// Routing rules and routes of other software that decide about packets of containers.
namespace inspect {

/// A rule of the host that selects packets by an address of the attachment.
struct MatchingRule {
  kernel::PolicyRule rule;
  cni::Attachment attachment;

  bool operator==(const MatchingRule&) const = default;
};

/// In the order of the rules. Rules for all addresses do not match.
std::vector<MatchingRule> find_matching_rules(const std::vector<kernel::PolicyRule>& rules,
                                              const std::vector<Detail>& attachments);

/// What is unusual in the routing of a container's namespace.
struct ContainerRouting {
  cni::Attachment attachment;
  std::string netns;                            ///< path
  std::vector<kernel::RouteEntry> covering{};   ///< they reject packets for which the attachment has a route
  std::vector<kernel::RouteEntry> rejecting{};  ///< the others that reject packets
  std::vector<kernel::PolicyRule> rules{};      ///< besides those of every new namespace

  bool operator==(const ContainerRouting&) const = default;
};

/// nullopt if nothing is unusual.
std::optional<ContainerRouting> find_unusual(const kernel::Routing& routing, const Detail& detail);

/// Of the attachments with a container end. Attachments whose namespace cannot be opened are skipped: that is a
/// difference. A namespace with several attachments is read once.
std::vector<ContainerRouting> read_container_routing(kernel::Inspector& inspector,
                                                     const std::vector<Detail>& attachments);

}  // namespace inspect
