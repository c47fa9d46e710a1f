#pragma once

#include "ipam/ipam.hpp"

#include <vector>

namespace ipam {

/// Gives the addresses that the configuration names, or in their place those the runtime asks for. They are taken like
/// those of ranges, so no two attachments of a network have the same.
class FixedIpam : public Ipam {
 public:
  /// `folder` may be null: nothing is held then. Both have to outlive it.
  FixedIpam(const cni::Request& request, state::Folder* folder) : request_(request), folder_(folder) {}

  Allocation allocate() override;
  void check() override;
  void collect(const std::set<cni::Tag>& valid) override;

  /// Checks the configuration alone: the addresses being taken by the container that is meant to have them makes no
  /// node unready.
  void check_ready() override;

 private:
  const cni::Request& request_;
  state::Folder* folder_;
};

/// The addresses of a configuration without ranges. Throws Error invalid_config where there are none, where one stands
/// there twice or is asked for without a prefix length, and for two of one family under version 0.1.0 and 0.2.0.
std::vector<cni::LeasedAddress> fixed_addresses(const cni::NetworkConfig& config);

}  // namespace ipam
