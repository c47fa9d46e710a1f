#include "plugin/vethctl/inspect/detail.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/wiring/text.hpp"

#include <system_error>
#include <utility>

namespace inspect {
namespace {

std::optional<wiring::Wiring> find_wanted(const std::vector<state::Folder>& folders, const Attachment& attachment) {
  for (const auto& folder : folders) {
    const auto stored = folder.records.find(attachment.identity.network, attachment.tag);
    if (stored && stored->record) return wiring::find_wiring(stored->record->wiring);
  }
  return std::nullopt;
}

using wiring::Kind;
using wiring::Side;

struct EndNamespace {
  Side side;
  std::string path;
};

/// nullopt if it cannot be opened; the reason is added to the differences.
std::optional<kernel::Namespace> open(kernel::Inspector& inspector, const EndNamespace& wanted, Detail& detail) try {
  return inspector.kernel.open_namespace(wanted.path, true);
} catch (const cni::Error& error) {
  detail.differences.push_back({Kind::network_namespace, wanted.side, wanted.path, "", error.what()});
  return std::nullopt;
} catch (const std::system_error& error) {
  detail.differences.push_back({Kind::network_namespace, wanted.side, wanted.path, "", error.what()});
  return std::nullopt;
}

std::string other_namespace(const Attachment& attachment) {
  return attachment.peer_netns.empty() ? host_namespace_path : attachment.peer_netns;
}

std::string other_interface(const Attachment& attachment) {
  return attachment.peer_netns.empty() ? attachment.host_interface : attachment.peer_interface;
}

/// Reads only the other end: the namespace of the container cannot be opened.
void observe_other(kernel::Inspector& inspector, const kernel::Namespace& netns, Detail& detail) {
  const auto name = other_interface(detail.attachment);
  detail.observed.host = inspector.find_interface(name, netns);
  if (!detail.observed.host) detail.differences.push_back({Kind::missing, Side::host, name});
}

/// Without `host_routes` if the host end was replaced after they were read.
void observe(kernel::Inspector& inspector, kernel::Namespace container, Detail& detail, const SharedReads& shared) {
  const auto* host_routes = shared.host_routes;
  const auto& peer = detail.attachment.peer_netns;
  kernel::AttachmentContext context{.container = std::move(container), .host_routes = host_routes};
  if (!peer.empty()) context.peer = inspector.kernel.open_namespace(peer, true);
  detail.observed = inspector.kernel.observe(*detail.wanted, context);
  const auto& host = detail.observed.host;
  if (host_routes != nullptr && host && host->index != detail.attachment.host_index) {
    context.host_routes = nullptr;
    detail.observed = inspector.kernel.observe(*detail.wanted, context);
  }
  attachment::OvsReader own;
  (shared.ovs != nullptr ? *shared.ovs : own).observe(*detail.wanted, detail.observed);
  detail.differences = wiring::difference(*detail.wanted, detail.observed);
  detail.container = inspector.find_counters(detail.wanted->container.name, context.container);
}

}  // namespace

Detail read_detail(kernel::Inspector& inspector, const std::vector<state::Folder>& folders,
                   const Attachment& attachment, const SharedReads& shared) {
  Detail detail{.attachment = attachment, .wanted = find_wanted(folders, attachment)};
  if (other_interface(attachment).empty()) return detail;
  const auto other = open(inspector, {Side::host, other_namespace(attachment)}, detail);
  auto container = detail.wanted ? open(inspector, {Side::container, attachment.netns}, detail) : std::nullopt;
  if (other && container) {
    observe(inspector, std::move(*container), detail, shared);
  } else if (other) {
    observe_other(inspector, *other, detail);
  }
  if (other) detail.host = inspector.find_counters(other_interface(attachment), *other);
  return detail;
}

}  // namespace inspect
