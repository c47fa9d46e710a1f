#pragma once

#include "ipam/ipam.hpp"

namespace ipam {

/// The reference plugin static: returns the configured addresses, or those that the runtime requests, and reserves
/// none, so that several containers can get the same address. There may be no address.
class StaticIpam : public Ipam {
 public:
  /// `config` is read in the dialect `fixed`.
  explicit StaticIpam(cni::NetworkConfig config) : config_(std::move(config)) {}

  Allocation allocate() override;
  /// Throws if the previous result has a configured address with another gateway.
  void check() override;
  void gc(const std::set<cni::Tag>& /*valid*/) override {}
  void status() override;

 private:
  cni::NetworkConfig config_;
};

}  // namespace ipam
