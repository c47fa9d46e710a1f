#pragma once

#include "plugin/kernel/kernel.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace test {

/// A link of the host.
struct FakeLink {
  std::uint32_t index = 0;
  std::string name;
  std::string alias;

  bool operator==(const FakeLink&) const = default;
};

/// A veth pair.
struct FakePair {
  FakeLink link;
  wiring::Wiring wiring;
};

/// A kernel that keeps its state as values, which tests read and change.
class FakeKernel final : public kernel::Kernel {
 public:
  std::vector<FakePair> pairs;
  std::vector<FakeLink> ifb_devices;
  std::vector<cni::IpAddress> host_gateways;
  std::vector<wiring::Wiring> rules;  ///< wirings that have elements in nftables
  bool lacks_filters = false;         ///< build() reports that the kernel has no filters of received packets
  bool has_tables = true;             ///< false: build() reports missing rules of other attachments
  bool has_ipv6 = true;               ///< false: read_node() lists no interfaces
  kernel::NodeState node{};
  std::set<cni::IpAddress> routed_addresses;  ///< addresses to which the host already has a route
  std::set<cni::IpAddress> host_addresses;    ///< addresses of the host itself
  std::map<std::string, int> errors;          ///< name of a function, or of a step of remove() -> errno of its error
  std::vector<std::string> calls;             ///< the names of the called functions that make changes
  std::function<void()> before_build = [] {};
  std::function<void()> before_list = [] {};
  std::map<std::string, std::vector<cni::Prefix>> bridge_addresses;  ///< of each bridge
  std::vector<std::string> cleaned_networks;                         ///< whose unused chains remove() has deleted
  std::function<void()> after_revert = [] {};  ///< called when remove() has reverted a change of a bridge
  std::function<void(wiring::Observed&)> modify_observed = [](wiring::Observed&) {
  };  ///< applied to the result of observe()

  /// Adds the objects of a wiring, as build() does.
  FakeLink put(const wiring::Wiring& wiring);

  /// Removes the pair and the ifb of an attachment.
  void remove_links_of(const cni::Attachment& attachment);

  /// The host end of an attachment, by its alias; null where there is none.
  const FakeLink* find_link(const cni::Attachment& attachment) const;

  kernel::Namespace open_namespace(const std::string& path, bool allow_own) override;
  kernel::NodeState read_node(const kernel::NodeQuery& query) override;
  kernel::BuildOutcome build(const wiring::Wiring& wiring, const kernel::AttachmentContext& context,
                             wiring::Footprint& footprint) override;
  void restore_rules(std::span<const wiring::Wiring> wirings, const kernel::AttachmentContext& context,
                     bool mark_complete) override;
  wiring::Observed observe(const wiring::Wiring& wanted, const kernel::AttachmentContext& context) override;
  std::vector<bool> find_ends(std::span<const wiring::Footprint> batch, kernel::Search search) override;
  std::vector<wiring::Footprint> list(const std::string& network) override;
  kernel::Removal remove(std::span<const wiring::Footprint> batch) override;
  bool clean_rules(const std::string& network) override;

  void throw_configured_error(const std::string& function) const;

 private:
  bool has_end(const FakePair& pair, const wiring::Footprint& footprint) const;
  std::optional<kernel::Conflict> find_conflict(
      const wiring::Wiring& wiring,
      const std::function<bool(cni::Tag)>& takes_port_over = [](cni::Tag) { return false; }) const;
  void take_ports_over(const wiring::Wiring& wiring);
  std::optional<kernel::Conflict> find_held_gateway(const wiring::Wiring& wiring) const;
  void observe_limits(const wiring::Wiring& made, wiring::Observed& observed) const;
  bool remove_links(const wiring::Footprint& footprint);
  void add_bridge_gateways(const wiring::Wiring& wiring, wiring::BridgeChange& change);
  void revert(const wiring::BridgeChange& change);
  std::uint32_t next_index_ = 10;
};

}  // namespace test
