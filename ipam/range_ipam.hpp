#pragma once

#include "ipam/ipam.hpp"
#include "ipam/range.hpp"
#include "plugin/state/folder.hpp"

#include <optional>
#include <variant>
#include <vector>

namespace ipam {

/// For each set the first of the requested addresses that lies in it; nullopt for a set that none lies in. Throws Error
/// invalid_config for a request that lies in no set, that is a gateway or excluded, and where a set has to give two.
std::vector<std::optional<cni::IpAddress>> assign_requests(const std::vector<RangeSet>& sets,
                                                           const std::vector<cni::RequestedAddress>& requests);

/// Gives one address from each range set.
class RangeIpam : public Ipam {
 public:
  /// `folder` may be null: nothing is held then. Both have to outlive it.
  RangeIpam(const cni::Request& request, state::Folder* folder) : request_(request), folder_(folder) {}

  Allocation allocate() override;
  void check() override;
  void collect(const std::set<cni::Tag>& valid) override;
  void check_ready() override;

 private:
  using Requests = std::vector<std::optional<cni::IpAddress>>;
  using Picked = std::variant<std::vector<cni::IpAddress>, Shortage>;

  Picked take(const std::vector<RangeSet>& sets, const Requests& requests);
  Picked pick(const std::vector<RangeSet>& sets, const Requests& requests, const state::Cursors& cursors) const;
  void move(state::Cursors cursors, const std::vector<cni::IpAddress>& addresses, const Requests& requests);

  const cni::Request& request_;
  state::Folder* folder_;
};

}  // namespace ipam
