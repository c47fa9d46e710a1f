#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/state/directory.hpp"

#include <string>
#include <vector>

namespace state {

/// An attachment needs a gateway on lo.
struct GatewayClaim {
  cni::IpAddress gateway;
  cni::Tag tag;

  auto operator<=>(const GatewayClaim&) const = default;
};

/// Which attachments, of any network, need an IPv6 gateway on lo: gateways/<ip>/<tag>, a symbolic link, made by one
/// system call. Who changes or asks holds Locks::gateways. Every call throws std::system_error for what the system
/// refuses.
class Gateways {
 public:
  /// The directory has to outlive it.
  explicit Gateways(const Directory& directory) : directory_(&directory) {}

  /// Whether claims are kept in this folder. Earlier versions kept none: then the records name the gateways.
  bool exists() const;
  /// From now on exists() is true.
  void create();

  /// Claimed already is no error.
  void claim(const cni::IpAddress& gateway, cni::Tag tag);
  /// The same without the lock: claims a gateway that others claim, which keeps it from being removed. False where
  /// there may be no other claim.
  bool join(const cni::IpAddress& gateway, cni::Tag tag);
  /// Removes the claim, whether or not there is one; true where no attachment claims the gateway any more.
  bool release(const cni::IpAddress& gateway, cni::Tag tag);

  bool is_claimed(const cni::IpAddress& gateway) const;
  /// Those that an attachment claims, found without its record, in ascending order: looks into the directory of each
  /// gateway, and reads none of them.
  std::vector<cni::IpAddress> claimed_by(cni::Tag tag) const;
  /// All, in ascending order.
  std::vector<GatewayClaim> claims() const;

  /// Whether links without a record may need any of the gateways.
  bool has_unrecorded_users() const;
  /// From now on has_unrecorded_users() is true.
  void mark_unrecorded_users();
  /// From now on it is false.
  void forget_unrecorded_users();

 private:
  std::vector<cni::IpAddress> gateways() const;

  const Directory* directory_;
};

}  // namespace state
