#pragma once

#include "plugin/cni/bandwidth.hpp"
#include "plugin/cni/environment.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/cni/tuning.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The keys of the reference plugins portmap, bandwidth and tuning, with their defaults and rules. For ADD and CHECK
// they must be valid. For DEL a part that cannot be read counts as absent.
namespace cni {

struct PortMapConfig {
  SourceNat source_nat{};                    ///< snat, masqAll
  std::vector<PortMapping> mappings{};       ///< of runtimeConfig
  std::optional<std::string> unsupported{};  ///< a key that only the reference plugin can serve: "/conditionsV4"

  bool operator==(const PortMapConfig&) const = default;
};

/// Throws Error for an unknown backend and for invalid mappings.
PortMapConfig parse_portmap_config(std::string_view text, Verb verb);

/// The keys of the configuration override the capability completely. Throws Error invalid_config for a rate without a
/// burst, a burst without a rate, and a burst of 4 GiB and more.
Bandwidth parse_bandwidth_config(std::string_view text, Verb verb);

struct InterfaceTuning {
  std::vector<Sysctl> sysctls{};
  std::optional<MacAddress> mac{};  ///< of args.cni, runtimeConfig, CNI_ARGS or the configuration
  bool promiscuous = false;         ///< false: unchanged
  std::optional<std::uint32_t> mtu{};
  std::optional<bool> all_multicast{};
  std::optional<std::uint32_t> tx_queue_length{};
  std::string data_dir = "/run/cni/tuning";  ///< dataDir: for the settings that DEL restores

  bool operator==(const InterfaceTuning&) const = default;
};

/// Throws Error for values that no interface can have.
InterfaceTuning parse_tuning_config(std::string_view text, Verb verb, const Args& args);

}  // namespace cni
