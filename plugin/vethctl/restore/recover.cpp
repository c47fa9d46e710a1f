#include "plugin/vethctl/restore/recover.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/inspect/namespaces.hpp"
#include "plugin/vethctl/inspect/node.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/restore/adopt.hpp"
#include "plugin/vethctl/restore/proven_addresses.hpp"
#include "plugin/wiring/standing.hpp"
#include "plugin/wiring/text.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace restore {
namespace {

wiring::Wiring whole_wiring(const wiring::Standing& standing, kernel::Inspector& inspector) {
  auto wiring = wiring::wiring_of(standing);
  wiring.ingress_limit = standing.observed.ingress_limit;
  if (standing.observed.ifb) wiring.egress_limit = standing.observed.ifb->limit;
  auto rules = inspector.find_rules(cni::tag_of(wiring.attachment));
  wiring.masquerades = std::move(rules.masquerades);
  wiring.host_ports = std::move(rules.host_ports);
  if (wiring.bridge) wiring.bridge->check_macs = rules.checks_macs;
  return wiring;
}

/// What `vethctl connect` laid to the host itself.
bool is_cable(const cni::Attachment& attachment, const kernel::PeerLocation& location) {
  return attachment.network == inspect::cable_network && location.bridge.empty();
}

/// Whether a delegate gives the network's addresses: its records name none.
bool has_delegate(const std::string& network, const std::vector<cni::NetworkConfig>& configurations) {
  return std::ranges::any_of(configurations, [&](const cni::NetworkConfig& config) {
    return config.name == network && !config.ipam.type.empty() && config.ipam.type != "veth-ipam";
  });
}

/// As an ADD writes it: the record of a cable names no interface of the host.
state::Record record_of(const wiring::Wiring& wiring, const wiring::Observed& observed, const std::string& netns,
                        std::vector<cni::IpAddress> addresses) {
  state::Record record{.attachment = wiring.attachment,
                       .netns = netns,
                       .addresses = std::move(addresses),
                       .ends = {.host = observed.host->index, .container = observed.container->index},
                       .wiring = wiring::to_text(wiring)};
  if (wiring.peer_netns.empty()) record.host_interface = state::HostInterface{.name = wiring.host.name};
  return record;
}

Recovery failed(const kernel::HostLink& link, std::string reason) {
  return {.link = link, .reason = std::move(reason)};
}

bool is_recorded(const cni::Attachment& attachment, const state::Folder& folder) {
  const auto stored = folder.records.find(attachment);
  return stored && stored->record;
}

/// One run over the links without a record.
class Recoveries {
 public:
  Recoveries(kernel::Inspector& inspector, const std::vector<cni::NetworkConfig>& configurations, state::Folder* folder)
      : inspector_(inspector), configurations_(configurations), folder_(folder) {}

  Recovery recover(const kernel::HostLink& link, const kernel::PeerLocation& location);

 private:
  state::Record read(const kernel::HostLink& link, const cni::Attachment& attachment,
                     const kernel::PeerLocation& location);
  void require_configuration(const wiring::Wiring& wiring) const;

  kernel::Inspector& inspector_;
  const std::vector<cni::NetworkConfig>& configurations_;
  state::Folder* folder_;
};

/// On a bridge nothing but the configuration says which addresses are the container's own.
void Recoveries::require_configuration(const wiring::Wiring& wiring) const {
  const auto& network = wiring.attachment.network;
  const bool is_needed = wiring.bridge && network != inspect::cable_network && !wiring.container.addresses.empty();
  if (!is_needed || std::ranges::find(configurations_, network, &cni::NetworkConfig::name) != configurations_.end()) {
    return;
  }
  throw cni::Error{cni::ErrorCode::differs,
                   "no network configuration of " + text::quoted(network) +
                       " says which of the addresses on its interface are its own (--conf-dir DIR)"};
}

/// An attachment as it exists, as a record. Throws cni::Error and std::system_error.
state::Record Recoveries::read(const kernel::HostLink& link, const cni::Attachment& attachment,
                               const kernel::PeerLocation& location) {
  const kernel::Site site{.container = inspector_.kernel.open_namespace(location.other_end.netns, false)};
  wiring::Wiring asked{.attachment = attachment,
                       .container = {.name = location.other_end.interface},
                       .host = {.name = link.name},
                       .ingress_limit = wiring::RateLimit{},
                       .egress_limit = wiring::RateLimit{}};
  if (!location.bridge.empty()) asked.bridge = wiring::Bridge{.name = location.bridge};
  wiring::Standing standing{.attachment = attachment,
                            .host_interface = link.name,
                            .observed = inspector_.kernel.observe(asked, site),
                            .bridge = location.bridge,
                            .peer_netns = is_cable(attachment, location) ? inspect::host_namespace_path : ""};
  if (!standing.observed.is_pair) {
    throw cni::Error{cni::ErrorCode::differs, "its two ends are not proven to be one pair"};
  }
  const auto host = inspector_.kernel.open_namespace(inspect::host_namespace_path, true);
  const auto loopback = inspector_.find_interface("lo", host);
  if (loopback) standing.host_addresses = loopback->addresses;
  const auto whole = whole_wiring(standing, inspector_);
  require_configuration(whole);
  auto addresses = proven_addresses(whole, standing.observed, configurations_);
  const auto wiring = with_addresses(whole, addresses);
  if (has_delegate(attachment.network, configurations_)) addresses.clear();
  return record_of(wiring, standing.observed, location.other_end.netns, std::move(addresses));
}

Recovery Recoveries::recover(const kernel::HostLink& link, const kernel::PeerLocation& location) try {
  const auto attachment = cni::attachment_of_alias(link.alias);
  if (!attachment || cni::alias_of(*attachment) != link.alias ||
      cni::tag_of_alias(link.alias) != cni::tag_of(*attachment)) {
    return failed(link, "its alias is shortened, and nothing else names the container");
  }
  if (location.other_end.netns.empty()) {
    return failed(link, "its other end is in no namespace of /run/netns or of a process");
  }
  std::optional<posix::ByteLock> lock;
  if (folder_ != nullptr) lock = folder_->locks.try_attachment(cni::tag_of(*attachment));
  if (folder_ != nullptr && !lock) return failed(link, "a call of the plugin is at work on it");
  if (folder_ != nullptr && is_recorded(*attachment, *folder_)) return failed(link, "it has a record by now");
  Recovery recovery{.link = link, .record = read(link, *attachment, location)};
  const auto conflict = folder_ != nullptr ? adopt(*recovery.record, inspector_.kernel, *folder_) : std::nullopt;
  return conflict ? failed(link, *conflict) : recovery;
} catch (const cni::Error& error) {
  return failed(link, error.what());
} catch (const std::system_error& error) {
  return failed(link, error.what());
}

}  // namespace

std::vector<Recovery> recover(const std::vector<kernel::HostLink>& links, kernel::Inspector& inspector,
                              const std::vector<cni::NetworkConfig>& configurations, state::Folder* folder) {
  std::vector<Recovery> all;
  if (links.empty()) return all;
  const auto locations = inspector.locate(links, inspect::namespace_paths());
  Recoveries recoveries{inspector, configurations, folder};
  for (std::size_t i = 0; i < links.size(); ++i) all.push_back(recoveries.recover(links[i], locations[i]));
  return all;
}

}  // namespace restore
