#pragma once

#include "plugin/kernel/kernel.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace test {

/// A link of the host as the fake keeps it.
struct FakeLink {
  std::uint32_t index = 0;
  std::string name;
  std::string alias;

  bool operator==(const FakeLink&) const = default;
};

/// A pair as the fake keeps it.
struct FakePair {
  FakeLink link;
  wiring::Wiring wiring;
};

/// A kernel that keeps what it is given as values. Tests read and change them as they like.
class FakeKernel final : public kernel::Kernel {
 public:
  std::vector<FakePair> pairs;
  std::vector<FakeLink> ifb_devices;
  std::vector<cni::IpAddress> host_gateways;
  std::vector<wiring::Wiring> rules;  ///< wirings that have elements in nftables
  bool has_tables = true;             ///< false: build() reports that others have lost their elements
  kernel::NodeState node{};
  std::set<cni::IpAddress> elsewhere;   ///< addresses to which the host has a route already
  std::map<std::string, int> refusals;  ///< name of a function, or of a step of remove() -> errno of its refusal
  std::vector<std::string> asked;       ///< the changes that were asked for, by the name of the function
  std::function<void()> before_build = [] {};
  std::function<void()> before_list = [] {};
  std::function<void(wiring::Observed&)> disturb = [](wiring::Observed&) {};  ///< what observe() returns otherwise

  /// As build() would, without a container.
  FakeLink put(const wiring::Wiring& wiring);

  /// The pair and the ifb of an attachment go away.
  void remove_links_of(const cni::Attachment& attachment);

  /// The host end of an attachment, by its alias; null where there is none.
  const FakeLink* find_link(const cni::Attachment& attachment) const;

  kernel::Namespace open_namespace(const std::string& path, bool allow_own) override;
  kernel::NodeState read_node(const kernel::NodeQuestion& question) override;
  kernel::BuildOutcome build(const wiring::Wiring& wiring, const kernel::Site& site,
                             wiring::Footprint& footprint) override;
  void restore_rules(std::span<const wiring::Wiring> wirings, const kernel::Site& site, bool is_last) override;
  wiring::Observed observe(const wiring::Wiring& wanted, const kernel::Site& site) override;
  std::vector<bool> find_ends(std::span<const wiring::Footprint> batch, kernel::Search search) override;
  std::vector<wiring::Footprint> list(const std::string& network) override;
  kernel::Removal remove(std::span<const wiring::Footprint> batch) override;
  bool clean_rules(const std::string& network) override;

  void refuse_if_told(const std::string& function) const;

 private:
  bool has_end(const FakePair& pair, const wiring::Footprint& footprint) const;
  std::optional<kernel::Conflict> find_conflict(const wiring::Wiring& wiring) const;
  void observe_limits(const wiring::Wiring& made, wiring::Observed& observed) const;
  bool remove_links(const wiring::Footprint& footprint);
  std::uint32_t next_index_ = 10;
};

}  // namespace test
