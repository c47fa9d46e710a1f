#pragma once

#include "plugin/cni/address.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What the IPAM plugin host-local and the library libcni keep in files.
namespace vethctl {

/// One file of a network of host-local: its name is the address, its content is the holder.
struct HostLocalLease {
  cni::IpAddress address;
  std::string container{};  ///< empty: the file is, as a crash leaves it
  std::string interface {};

  bool operator==(const HostLocalLease&) const = default;
};

/// Container and interface, divided by CR LF; the old form has the container alone, whose interface was "eth0".
HostLocalLease parse_host_local(const cni::IpAddress& address, std::string_view content);

/// All leases below `directory`, which is /var/lib/cni/networks/NAME, in ascending order. Files that are not named as
/// an address are none. Throws std::system_error.
std::vector<HostLocalLease> read_host_local(const std::string& directory);

/// What a result in libcni's cache tells of one attachment.
struct CachedAttachment {
  std::vector<std::string> host_interfaces{};  ///< those that are in no sandbox, in their order
  std::string netns{};                         ///< the sandbox of the container's interface; empty: not told

  bool operator==(const CachedAttachment&) const = default;
};

/// Reads "cniCacheV1" and what older libraries wrote, the bare result. nullopt where the text is neither.
std::optional<CachedAttachment> find_cached(const std::string& text, const std::string& interface);

}  // namespace vethctl
