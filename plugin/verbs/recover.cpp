#include "plugin/verbs/recover.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/verbs/adopt.hpp"
#include "plugin/verbs/namespaces.hpp"
#include "plugin/wiring/standing.hpp"
#include "plugin/wiring/text.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace verbs {
namespace {

constexpr const char* own_namespace = "/proc/self/ns/net";

wiring::Wiring whole_wiring(const wiring::Standing& standing, kernel::Kernel& kernel) {
  auto wiring = wiring::wiring_of(standing);
  wiring.ingress_limit = standing.observed.ingress_limit;
  if (standing.observed.ifb) wiring.egress_limit = standing.observed.ifb->limit;
  auto rules = kernel.find_rules(cni::tag_of(wiring.attachment));
  wiring.masquerades = std::move(rules.masquerades);
  wiring.host_ports = std::move(rules.host_ports);
  if (wiring.bridge) wiring.bridge->check_macs = rules.checks_macs;
  return wiring;
}

/// What `vethctl connect` laid to the host itself.
bool is_cable(const cni::Attachment& attachment, const kernel::Whereabouts& whereabouts) {
  return attachment.network == cable_network && whereabouts.bridge.empty();
}

/// As an ADD writes it: the record of a cable names no interface of the host.
state::Record record_of(const wiring::Wiring& wiring, const kernel::HostLink& link, const std::string& netns) {
  state::Record record{.attachment = wiring.attachment, .netns = netns, .wiring = wiring::to_text(wiring)};
  if (wiring.peer_netns.empty()) record.host_interface = state::HostInterface{.name = link.name, .index = link.index};
  for (const auto& [prefix, prefix_route] : wiring.container.addresses) {
    if (!cni::is_link_local(prefix.address)) record.addresses.push_back(prefix.address);
  }
  return record;
}

/// An attachment as it stands, as a record. Throws cni::Error and std::system_error.
state::Record read(const kernel::HostLink& link, const cni::Attachment& attachment,
                   const kernel::Whereabouts& whereabouts, kernel::Kernel& kernel) {
  const kernel::Site site{.container = kernel.open_namespace(whereabouts.other_end.netns, true)};
  wiring::Wiring asked{.attachment = attachment,
                       .container = {.name = whereabouts.other_end.interface},
                       .host = {.name = link.name},
                       .ingress_limit = wiring::RateLimit{},
                       .egress_limit = wiring::RateLimit{}};
  if (!whereabouts.bridge.empty()) asked.bridge = wiring::Bridge{.name = whereabouts.bridge};
  wiring::Standing standing{.attachment = attachment,
                            .host_interface = link.name,
                            .observed = kernel.observe(asked, site),
                            .bridge = whereabouts.bridge,
                            .peer_netns = is_cable(attachment, whereabouts) ? own_namespace : ""};
  if (!standing.observed.container || !standing.observed.host) {
    throw cni::Error{cni::ErrorCode::differs, "one of its ends went away"};
  }
  const auto loopback = kernel.find_interface("lo", kernel.open_namespace(own_namespace, true));
  if (loopback) standing.host_addresses = loopback->addresses;
  return record_of(whole_wiring(standing, kernel), link, whereabouts.other_end.netns);
}

Recovery failed(const kernel::HostLink& link, std::string reason) {
  return {.link = link, .reason = std::move(reason)};
}

bool is_recorded(const cni::Attachment& attachment, const state::Folder& folder) {
  const auto stored = folder.find_record(attachment);
  return stored && stored->record;
}

Recovery recover_one(const kernel::HostLink& link, const kernel::Whereabouts& whereabouts, kernel::Kernel& kernel,
                     state::Folder* folder) try {
  const auto attachment = cni::attachment_of_alias(link.alias);
  if (!attachment || cni::alias_of(*attachment) != link.alias ||
      cni::tag_of_alias(link.alias) != cni::tag_of(*attachment)) {
    return failed(link, "its alias is cut, and nothing else names the container");
  }
  if (whereabouts.other_end.netns.empty()) {
    return failed(link, "its other end is in no namespace of /run/netns or of a process");
  }
  std::optional<posix::ByteLock> lock;
  if (folder != nullptr) lock = folder->try_lock(cni::tag_of(*attachment));
  if (folder != nullptr && !lock) return failed(link, "a call of the plugin is at work on it");
  if (folder != nullptr && is_recorded(*attachment, *folder)) return failed(link, "it has a record by now");
  Recovery recovery{.link = link, .record = read(link, *attachment, whereabouts, kernel)};
  const auto conflict = folder != nullptr ? adopt(*recovery.record, *folder) : std::nullopt;
  return conflict ? failed(link, *conflict) : recovery;
} catch (const cni::Error& error) {
  return failed(link, error.what());
} catch (const std::system_error& error) {
  return failed(link, error.what());
}

}  // namespace

std::vector<Recovery> recover(const std::vector<kernel::HostLink>& links, kernel::Kernel& kernel,
                              state::Folder* folder) {
  std::vector<Recovery> all;
  if (links.empty()) return all;
  const auto whereabouts = kernel.locate(links, namespace_paths());
  for (std::size_t i = 0; i < links.size(); ++i) {
    all.push_back(recover_one(links[i], whereabouts[i], kernel, folder));
  }
  return all;
}

}  // namespace verbs
