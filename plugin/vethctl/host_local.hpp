#pragma once

#include "plugin/cni/address.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Files of the IPAM plugin host-local and of the library libcni.
namespace vethctl {

/// One lease file of host-local: its name is the address, its content the holder.
struct HostLocalLease {
  cni::IpAddress address;
  std::string container{};  ///< empty: the file is empty, for example after a crash
  std::string interface {};

  bool operator==(const HostLocalLease&) const = default;
};

/// Parses the content of a file: container ID and interface, separated by CR LF. Old versions of host-local wrote only
/// the container ID; the interface is "eth0" then.
HostLocalLease parse_host_local(const cni::IpAddress& address, std::string_view content);

/// All leases in `directory` (/var/lib/cni/networks/NAME), in ascending order. Files whose name is not an address are
/// skipped. Throws std::system_error.
std::vector<HostLocalLease> read_host_local(const std::string& directory);

/// The parts of a cached result of libcni that an import needs.
struct CachedAttachment {
  std::vector<std::string> host_interfaces{};  ///< interfaces without a sandbox, in the order of the result
  std::string netns{};                         ///< sandbox of the container's interface; empty: unknown

  bool operator==(const CachedAttachment&) const = default;
};

/// Parses a cache file of the kind "cniCacheV1", and that of older libraries, which is only the result. nullopt for
/// other texts.
std::optional<CachedAttachment> find_cached(const std::string& text, const std::string& interface);

}  // namespace vethctl
