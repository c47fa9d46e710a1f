#pragma once

#include "plugin/cni/bandwidth.hpp"
#include "plugin/cni/environment.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/lease.hpp"
#include "plugin/cni/mode_config.hpp"
#include "plugin/cni/result.hpp"
#include "plugin/cni/tuning.hpp"
#include "plugin/cni/version.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cni {

/// A range as it is written; ipam::Range checks it and fills in the defaults.
struct RangeConfig {
  Prefix subnet;
  std::optional<IpAddress> range_start{};
  std::optional<IpAddress> range_end{};
  std::optional<IpAddress> gateway{};
  std::vector<Prefix> exclude{};

  bool operator==(const RangeConfig&) const = default;
};

/// Each range set gives one address, from any of its ranges.
using RangeSets = std::vector<std::vector<RangeConfig>>;

/// The object "ipam".
struct IpamConfig {
  std::string type;            ///< "veth-ipam" or the name of an executable; empty: no IPAM
  RangeSets ranges{};          ///< subnet, rangeStart, rangeEnd, gateway of the object itself are the first set
  bool has_own_range = false;  ///< the object itself has a subnet
  std::vector<LeasedAddress> addresses{};  ///< fixed addresses
  std::vector<Route> routes{};
  std::optional<std::string> resolv_conf{};  ///< path of a resolv.conf whose content is the lease's DNS
  Dns dns{};
  std::string data_dir{};  ///< another state folder, below /run or /var/lib

  bool operator==(const IpamConfig&) const = default;
};

/// An address that the runtime asks for; where it names no prefix length the range it lies in gives it.
struct RequestedAddress {
  IpAddress address;
  std::optional<std::uint8_t> prefix_length{};
  std::optional<IpAddress> gateway{};

  bool operator==(const RequestedAddress&) const = default;
};

struct PortMapping {
  std::uint16_t host_port = 0;
  std::uint16_t container_port = 0;
  std::string protocol = "tcp";             ///< tcp, udp or sctp
  std::optional<IpAddress> host_address{};  ///< hostIP; absent: all addresses of the host

  bool operator==(const PortMapping&) const = default;
};

/// Whose packets leave under another source address, in the words of ptp and of portmap.
struct SourceNat {
  bool masquerade = false;       ///< ipMasq: the containers' packets leave the node with its address
  std::vector<Prefix> except{};  ///< ipMasqExcept: destinations that see the container's own address all the same
  bool mapped_ports = true;      ///< snat: mapped ports work from 127.0.0.1, ::1 and the container itself
  bool all_clients = false;      ///< masqAll: a container sees the host's address for every client of a mapped port

  bool operator==(const SourceNat&) const = default;
};

/// What the runtime wants for this one container: runtimeConfig, before args.cni, before CNI_ARGS.
struct Wishes {
  std::optional<MacAddress> mac;
  std::vector<RequestedAddress> addresses{};
  RangeSets ranges{};  ///< before those of the configuration
  std::optional<Dns> dns{};
  std::vector<PortMapping> port_mappings{};

  bool operator==(const Wishes&) const = default;
};

/// One of the attachments that GC is told are still valid.
struct ValidAttachment {
  std::string container;
  std::string interface;

  auto operator<=>(const ValidAttachment&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 sees a 0
};

struct NetworkConfig {
  Version version = Version::v0_1_0;
  std::string name{};
  std::string type{};
  Mode mode = Mode::ptp;
  BridgeConfig bridge{};                    ///< mode bridge
  PeerConfig peer{};                        ///< mode netns
  std::optional<std::uint32_t> mtu = 1500;  ///< bytes, both ends; nullopt: "auto", that of the default route's device
  bool enable_dad = false;                  ///< key enabledad: addresses go through IPv6 duplicate address detection
  SourceNat source_nat{};
  bool ready_when_full = false;  ///< key readyWhenFull: STATUS does not fail for a full pool
  IpamConfig ipam{};
  std::optional<Dns> dns{};  ///< in place of the IPAM's
  Bandwidth bandwidth{};     ///< of the key and of the capability
  TuningConfig tuning{};     ///< of the configuration and of args.cni
  Wishes wishes{};
  std::optional<Result> previous{};  ///< prevResult
  std::optional<std::vector<ValidAttachment>>
      valid_attachments{};                  ///< GC; nullopt: no such key, nothing is to be deleted
  std::vector<std::string> ignored_keys{};  ///< JSON pointers of members of ours that nobody knows

  bool operator==(const NetworkConfig&) const = default;
};

/// The configuration for `verb`. For ADD, CHECK and STATUS it has to be right in all that is ours; for DEL and GC the
/// network's name is enough, and a member that cannot be read is as good as absent. VERSION stands for an ADD of which
/// is not known yet what the runtime will tell. Throws Error: incompatible_version,
/// unsupported_field, decoding_failure, invalid_config.
NetworkConfig parse_network_config(std::string_view text, Verb verb, const Args& args);

/// The same of a text that was read as JSON already.
NetworkConfig parse_network_config(const JsonDocument& document, Verb verb, const Args& args);

/// As parse_network_config for the plugin veth-ipam, which is handed the configuration of another plugin: only "ipam"
/// and what the runtime asks for are read.
NetworkConfig parse_ipam_request(std::string_view text, Verb verb, const Args& args);

/// As parse_network_config for a plugin without a configuration of its own: only what the specification puts into every
/// one, and "log", is read.
NetworkConfig parse_common_config(std::string_view text, Verb verb);

/// The cniVersion of a text that may be no configuration at all: for answers to VERSION and for errors. nullopt where
/// none can be read.
std::optional<std::string> find_version_text(std::string_view text);

}  // namespace cni
