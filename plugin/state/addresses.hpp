#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/state/directory.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace state {

struct TakenAddress {
  cni::IpAddress address;
  std::optional<cni::Tag> holder;  ///< nullopt: the file was not created by this plugin
};

/// For each range set, the address after which the next search begins.
using Cursors = std::vector<std::optional<cni::IpAddress>>;

/// The addresses that are names of entries in a directory, in ascending order; empty if the directory is missing.
/// Only canonical forms count. Throws std::system_error.
std::vector<cni::IpAddress> addresses_in(const Directory& directory, const std::string& name);

/// The taken addresses of each network: <network>/addresses/<ip>, a symlink to the tag of the holder. Each call
/// throws std::system_error for an error of the system.
class Addresses {
 public:
  /// The directory has to outlive it.
  explicit Addresses(const Directory& directory) : directory_(&directory) {}

  /// Takes the address for the holder; false if it is already taken, also by the same holder.
  bool take(const std::string& network, const cni::IpAddress& address, cni::Tag holder);
  /// Releases it; false if the holder does not hold it. `before` is called while the holder still holds it.
  bool release(
      const std::string& network, const cni::IpAddress& address, cni::Tag holder,
      const std::function<void()>& before = [] {});

  bool is_taken(const std::string& network, const cni::IpAddress& address) const;
  std::optional<cni::Tag> holder(const std::string& network, const cni::IpAddress& address) const;

  /// All of the network with their holders, in ascending order. Reads the whole directory and each symlink.
  std::vector<TakenAddress> list(const std::string& network) const;
  /// The same without the holders. Reads the whole directory, but no symlink.
  std::vector<cni::IpAddress> list_addresses(const std::string& network) const;
  /// The addresses of an attachment, found without its record. Reads the whole directory and each symlink.
  std::vector<cni::IpAddress> held_by(const std::string& network, cni::Tag tag) const;

  /// The cursors of the first `sets` range sets; nullopt: none, or unreadable.
  Cursors cursors(const std::string& network, std::size_t sets) const;
  void set_cursors(const std::string& network, const Cursors& cursors);

  /// Addresses of a range set that were free at an earlier search, in ascending order. They may be taken now, or lie
  /// outside the set. Empty: none, or unreadable.
  std::vector<cni::IpAddress> free_list(const std::string& network, std::size_t set) const;
  /// The network's lock must be held. An empty list removes the file.
  void set_free_list(const std::string& network, std::size_t set, const std::vector<cni::IpAddress>& addresses);

 private:
  const Directory* directory_;
};

}  // namespace state
