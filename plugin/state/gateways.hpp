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

/// The attachments, of all networks, that need an IPv6 gateway on lo: gateways/<ip>/<tag>, a symlink. The caller
/// holds Locks::gateways, except for try_claim(). Each call throws std::system_error for an error of the system.
class Gateways {
 public:
  /// The directory has to outlive it.
  explicit Gateways(const Directory& directory) : directory_(&directory) {}

  /// Whether the claims of this folder are complete. Earlier versions wrote none: then the gateways are only in the
  /// records.
  bool are_claims_complete() const;
  /// From now on are_claims_complete() is true.
  void mark_claims_complete();

  /// Does nothing if the claim exists.
  void claim(const cni::IpAddress& gateway, cni::Tag tag);
  /// Claims the gateway without the lock, if other attachments have claimed it: their claims prevent its removal. False
  /// if there may be no other claim.
  bool try_claim(const cni::IpAddress& gateway, cni::Tag tag);
  /// Removes the claim if it exists; true if no attachment claims the gateway any more.
  bool release(const cni::IpAddress& gateway, cni::Tag tag);

  bool is_claimed(const cni::IpAddress& gateway) const;
  /// The gateways that an attachment claims, in ascending order, found without its record: looks for the claim in the
  /// directory of each gateway.
  std::vector<cni::IpAddress> claimed_by(cni::Tag tag) const;
  /// All, in ascending order.
  std::vector<GatewayClaim> claims() const;

  /// Whether interfaces without a record may need any of the gateways.
  bool has_unrecorded_users() const;
  /// From now on has_unrecorded_users() is true.
  void mark_unrecorded_users();
  /// From now on has_unrecorded_users() is false.
  void clear_unrecorded_users();

 private:
  std::vector<cni::IpAddress> gateways() const;

  const Directory* directory_;
};

}  // namespace state
