#pragma once

#include "ipam/ipam.hpp"

#include <vector>

namespace ipam {

/// Assigns the addresses of the configuration, or the addresses that the runtime requests instead. They are reserved in
/// the state folder, so that no other attachment of the network can get them, unless the configuration disables it.
class FixedIpam : public Ipam {
 public:
  /// `folder` may be null: then no address is held. Both must outlive it.
  FixedIpam(const cni::Request& request, state::Folder* folder) : request_(request), folder_(folder) {}

  Allocation allocate() override;
  void check() override;
  void gc(const std::set<cni::Tag>& valid) override;

  /// Checks only the configuration: the node is ready also while a container uses the addresses.
  void status() override;

 private:
  const cni::Request& request_;
  state::Folder* folder_;
};

/// The addresses of a configuration without ranges. Throws Error invalid_config if there is none, if one occurs twice
/// or is requested without a prefix length, and for two addresses of one family in version 0.1.0 and 0.2.0.
std::vector<cni::LeasedAddress> fixed_addresses(const cni::NetworkConfig& config);

/// The addresses that the runtime requests, or else the configured ones. There may be none. Throws Error invalid_config
/// for a requested address without a prefix length, and for two addresses of one family in version 0.1.0 and 0.2.0.
std::vector<cni::LeasedAddress> configured_addresses(const cni::NetworkConfig& config);

}  // namespace ipam
