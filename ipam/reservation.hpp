#pragma once

#include "ipam/ipam.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/state/folder.hpp"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ipam {

/// The addresses that one attachment holds in the state folder: its record contains the addresses, and the link of each
/// address points to the attachment. In mode bridge they are claimed on the bridge too. The lock of the attachment must
/// be held. Folder and request must outlive it.
class Reservation {
 public:
  Reservation(state::Folder& folder, const cni::Request& request);

  /// Takes all of the addresses, in addition to those held already, or none of them. The record is written first.
  /// nullopt on success; otherwise the address that is taken already, and the state is as before. The network's lock
  /// must be held.
  std::optional<cni::IpAddress> take(const std::vector<cni::IpAddress>& addresses);

  /// Throws Error differs if the attachment does not hold an address in `expected` or in its record. The message
  /// contains each such address and its holder.
  void check(const std::vector<cni::IpAddress>& expected) const;

 private:
  std::optional<cni::IpAddress> take_links(const std::vector<cni::IpAddress>& addresses);
  bool take_link(const cni::IpAddress& address);
  void undo(const std::vector<cni::IpAddress>& addresses);
  void restore_record();
  std::vector<cni::IpAddress> recorded_addresses() const;
  state::Record previous_record() const;
  void release_link(const cni::IpAddress& address);
  std::string describe_holder(const cni::IpAddress& address) const;

  state::Folder& folder_;
  const cni::Request& request_;
  const std::string& network_;
  std::string bridge_;  ///< cni::bridge_segment_of()
  cni::Tag tag_;
  std::optional<state::StoredRecord> previous_;
};

/// The holder of an address, for messages: 'container "a", interface "eth0"', or the tag if its record cannot be read.
std::string holder_text(const state::Folder& folder, const std::string& network, const cni::IpAddress& address);

/// The failure for a requested address that another attachment of the network, or of another one on the same bridge,
/// has.
AllocationFailure requested_address_in_use(const state::Folder& folder, const cni::Request& request,
                                           const cni::IpAddress& address);

// Shared by the built-in kinds of IPAM. Without a folder no address is held.

/// Throws Error differs if the attachment does not hold the addresses of its record and those of the previous result
/// for which is_ours() returns true.
void check_reservation(const cni::Request& request, state::Folder* folder,
                       const std::function<bool(const cni::IpAddress&)>& is_ours);

/// Releases each address of the network that is in no record, unless its holder is in `valid` or its lock is held.
/// Links that this plugin did not create are kept.
void release_unrecorded(const cni::Request& request, state::Folder* folder, const std::set<cni::Tag>& valid);

}  // namespace ipam
