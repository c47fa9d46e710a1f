#pragma once

#include "plugin/cni/mode_config.hpp"

#include <optional>

namespace cni {

/// How the object "ipam" and the addresses that the runtime requests are read by an IPAM executable.
enum class IpamDialect {
  veth_ipam,   ///< runtimeConfig, args.cni, CNI_ARGS: the first of them that requests addresses counts
  host_local,  ///< all that are requested count
  fixed,       ///< the reference plugin static: runtimeConfig or args.cni replace the configured addresses, to which
               ///< CNI_ARGS adds others
};

/// How a configuration is read: as that of "veth", or as that of the reference plugin under whose name this program was
/// started.
struct Dialect {
  /// The mode of the name; nullopt: "veth", which reads the key "mode". With a mode, the program reads the
  /// keys of the reference plugin with its defaults, and of its own keys only those that the reference plugin's users
  /// cannot mean otherwise. Keys of other plugins of a chain are left to these.
  std::optional<Mode> reference_mode{};

  IpamDialect ipam = IpamDialect::veth_ipam;  ///< of an IPAM executable

  bool is_reference() const { return reference_mode.has_value(); }
  bool operator==(const Dialect&) const = default;
};

}  // namespace cni
