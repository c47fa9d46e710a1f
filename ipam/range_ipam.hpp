#pragma once

#include "ipam/ipam.hpp"
#include "ipam/range.hpp"
#include "plugin/state/folder.hpp"

#include <functional>
#include <optional>
#include <variant>
#include <vector>

namespace ipam {

/// For each set the requested address that it contains; nullopt if it contains none. Throws Error invalid_config for an
/// address that is in no set, is a gateway or is excluded, and if a set contains two requested addresses.
std::vector<std::optional<cni::IpAddress>> assign_requests(const std::vector<RangeSet>& sets,
                                                           const std::vector<cni::RequestedAddress>& requests);

/// Allocates one address from each range set.
class RangeIpam : public Ipam {
 public:
  /// `folder` may be null: then no address is held. Both must outlive it.
  RangeIpam(const cni::Request& request, state::Folder* folder) : request_(request), folder_(folder) {}

  Allocation allocate() override;
  void check() override;
  void gc(const std::set<cni::Tag>& valid) override;
  void status() override;

 private:
  using Requests = std::vector<std::optional<cni::IpAddress>>;
  using Picked = std::variant<std::vector<cni::IpAddress>, AllocationFailure>;

  /// What the addresses are chosen from.
  struct Choice {
    const std::vector<RangeSet>& sets;
    const Requests& requests;
    const state::Cursors& cursors;
    const std::vector<cni::IpAddress>& foreign;
  };

  /// Called with the index of a set and its new free list.
  using KeepFreeList = std::function<void(std::size_t, const std::vector<cni::IpAddress>&)>;

  Picked reserve(const std::vector<RangeSet>& sets, const Requests& requests);
  Picked pick(const Choice& choice, const KeepFreeList& keep) const;
  void keep_free_list(std::size_t set, const std::vector<cni::IpAddress>& free);
  std::vector<cni::IpAddress> held_by_others_on_bridge() const;
  void advance_cursors(state::Cursors cursors, const std::vector<cni::IpAddress>& addresses, const Requests& requests);

  const cni::Request& request_;
  state::Folder* folder_;
};

}  // namespace ipam
