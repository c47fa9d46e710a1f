#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/state/addresses.hpp"
#include "plugin/state/directory.hpp"
#include "plugin/state/locks.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace state {

/// The network that holds an address on a bridge, and its attachment.
struct BridgeHolder {
  std::string network;
  cni::Tag tag;

  bool operator==(const BridgeHolder&) const = default;
};

/// The addresses on each bridge, of all networks of the folder: .bridges/<bridge>/<ip>, a symlink to the name of the
/// network. The claim is valid as long as this network has the address taken: a claim that a killed call or a lost
/// record has left prevents nothing. `bridge` is cni::bridge_segment(). Each call throws std::system_error for an error
/// of the system.
class Bridges {
 public:
  /// The directory has to outlive it.
  explicit Bridges(const Directory& directory) : directory_(&directory), addresses_(directory) {}

  /// Claims an address that the network has taken; false where another network holds it on this bridge. Throws
  /// cni::Error try_again_later where the lock for the replacement of a claim is held for too long.
  bool claim(std::string_view bridge, const cni::IpAddress& address, const std::string& network, const Locks& locks);
  /// Removes the claim, before the network releases the address.
  void release(std::string_view bridge, const cni::IpAddress& address);
  /// The same for an unknown bridge: removes the claims of the network for the address on each bridge.
  void release_on_each(const cni::IpAddress& address, const std::string& network);

  /// The holder by a valid claim; nullopt: none.
  std::optional<BridgeHolder> holder(std::string_view bridge, const cni::IpAddress& address) const;
  /// The addresses that networks other than `network` hold, in ascending order. Reads the whole directory.
  std::vector<cni::IpAddress> held_by_others(std::string_view bridge, const std::string& network) const;

 private:
  const Directory* directory_;
  Addresses addresses_;
};

}  // namespace state
