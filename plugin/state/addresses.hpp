#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/state/directory.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace state {

struct TakenAddress {
  cni::IpAddress address;
  std::optional<cni::Tag> holder;  ///< nullopt: the link is not one of ours
};

/// The address after which the next search of each set of ranges begins, by the number of the set.
using Cursors = std::vector<std::optional<cni::IpAddress>>;

/// The addresses that entries of a directory are named after, in ascending order; none where it is missing. Names that
/// this plugin would not write an address with are left out. Throws std::system_error for what the system refuses.
std::vector<cni::IpAddress> addresses_in(const Directory& directory, const std::string& name);

/// Which addresses of a network are taken: <network>/addresses/<ip>, a symbolic link to the tag of the holder. Every
/// call throws std::system_error for what the system refuses.
class Addresses {
 public:
  /// The directory has to outlive it.
  explicit Addresses(const Directory& directory) : directory_(&directory) {}

  /// Takes the address for the holder; false where it is taken already, even by that holder.
  bool take(const std::string& network, const cni::IpAddress& address, cni::Tag holder);
  /// Gives it back; false where the holder does not hold it.
  bool release(const std::string& network, const cni::IpAddress& address, cni::Tag holder);

  bool is_taken(const std::string& network, const cni::IpAddress& address) const;
  std::optional<cni::Tag> holder(const std::string& network, const cni::IpAddress& address) const;

  /// All of the network with their holders, in ascending order: reads the whole folder and each link.
  std::vector<TakenAddress> list(const std::string& network) const;
  /// The same without the holders: reads the whole folder, but no link.
  std::vector<cni::IpAddress> list_addresses(const std::string& network) const;
  /// Those that an attachment holds, found without its record: reads the whole folder and each link.
  std::vector<cni::IpAddress> held_by(const std::string& network, cni::Tag tag) const;

  /// Of the first `sets` sets; what cannot be read is nullopt.
  Cursors cursors(const std::string& network, std::size_t sets) const;
  void set_cursors(const std::string& network, const Cursors& cursors);

 private:
  const Directory* directory_;
};

}  // namespace state
