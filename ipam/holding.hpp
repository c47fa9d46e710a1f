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

/// What one attachment holds in the state folder: its record names the addresses, and a link of each address names the
/// attachment. The lock of the attachment has to be held. Folder and request have to outlive it.
class Holding {
 public:
  Holding(state::Folder& folder, const cni::Request& request);

  /// Takes the addresses besides those held already, or none; the record that names them all is written before. nullopt
  /// where that was done, else the address that is held already; then everything is as it was before. The network's
  /// lock has to be held.
  std::optional<cni::IpAddress> take(const std::vector<cni::IpAddress>& addresses);

  /// Throws Error differs, which names each of `expected` and of what the record names that this attachment does not
  /// hold, and who does.
  void check(const std::vector<cni::IpAddress>& expected) const;

 private:
  std::optional<cni::IpAddress> take_links(const std::vector<cni::IpAddress>& addresses);
  bool take_link(const cni::IpAddress& address);
  void take_back(const std::vector<cni::IpAddress>& addresses);
  void restore_record();
  std::vector<cni::IpAddress> recorded() const;
  state::Record recorded_before() const;
  std::string fault_of(const cni::IpAddress& address) const;

  state::Folder& folder_;
  const cni::Request& request_;
  const std::string& network_;
  cni::Tag tag_;
  std::optional<state::StoredRecord> before_;
};

/// Who holds an address, for a message: 'container "a", interface "eth0"', or the tag where its record cannot be read.
std::string holder_text(const state::Folder& folder, const std::string& network, const cni::IpAddress& address);

/// For an address that was asked for and is held already.
Shortage requested_shortage(const state::Folder& folder, const std::string& network, const cni::IpAddress& address);

// What the built-in kinds of IPAM have in common. Without a folder nothing is held.

/// Throws Error differs where the attachment does not hold what its record names, and what of the previous result
/// is_ours() says is from here.
void check_held(const cni::Request& request, state::Folder* folder,
                const std::function<bool(const cni::IpAddress&)>& is_ours);

/// Gives back each address of the network that no record names and whose holder is not among `valid` and not in flight.
/// Links that are not ours stay.
void collect_held(const cni::Request& request, state::Folder* folder, const std::set<cni::Tag>& valid);

}  // namespace ipam
