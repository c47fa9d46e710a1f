#pragma once

#include "plugin/cni/bandwidth.hpp"
#include "plugin/cni/dialect.hpp"
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

/// A range as configured, not checked yet: see ipam::checked_range().
struct RangeConfig {
  Prefix subnet;
  std::optional<IpAddress> range_start{};
  std::optional<IpAddress> range_end{};
  std::optional<IpAddress> gateway{};
  std::vector<Prefix> exclude{};

  bool operator==(const RangeConfig&) const = default;
};

/// Range sets. One address is allocated from each set, from any of its ranges.
using RangeSets = std::vector<std::vector<RangeConfig>>;

/// The object "ipam".
struct IpamConfig {
  std::string type;                        ///< "veth-ipam" or the name of an executable; empty: no IPAM
  RangeSets ranges{};                      ///< ranges; a range in the object itself is the first set
  bool has_inline_range = false;           ///< the object itself contains a range (key subnet)
  std::vector<LeasedAddress> addresses{};  ///< addresses: fixed addresses
  std::string pool{};                      ///< pool: the name of a pool of the cluster; empty: none
  bool reserves_addresses = true;          ///< false, for `vethctl connect`: other attachments may get them too
  std::vector<Route> routes{};
  std::optional<std::string> resolv_conf{};  ///< resolvConf: path of the file with the DNS settings
  Dns dns{};
  std::string data_dir{};  ///< dataDir: another state folder, below /run or /var/lib; for host-local any folder
  bool leases_survive_reboot = false;  ///< leasesSurviveReboot: only host-local

  bool operator==(const IpamConfig&) const = default;
};

/// An address requested by the runtime. Without a prefix length, that of the range that contains the address is used.
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

/// Source NAT: the keys of the reference plugins ptp, bridge and portmap.
struct SourceNat {
  bool masquerade = false;       ///< ipMasq: packets of containers leave the node with the node's address
  std::vector<Prefix> except{};  ///< ipMasqExcept: destinations without masquerading
  bool mapped_ports = true;      ///< snat: mapped ports can be reached from 127.0.0.1, ::1 and the container itself
  bool all_clients = false;      ///< masqAll: all connections to mapped ports are masqueraded

  bool operator==(const SourceNat&) const = default;
};

/// What the runtime requests for one container, in order of precedence: runtimeConfig, args.cni, CNI_ARGS.
struct RuntimeRequest {
  std::optional<MacAddress> mac;
  std::vector<RequestedAddress> addresses{};
  RangeSets ranges{};  ///< placed before the configured range sets
  std::optional<Dns> dns{};
  std::vector<PortMapping> port_mappings{};
  std::string ovn_port{};  ///< ovnPort, mode ovs; empty: none

  bool operator==(const RuntimeRequest&) const = default;
};

/// An attachment in the list of valid attachments of GC.
struct ValidAttachment {
  std::string container;
  std::string interface;

  auto operator<=>(const ValidAttachment&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 finds a 0
};

struct NetworkConfig {
  Version version = Version::v0_1_0;
  std::string name{};
  std::string type{};
  Dialect dialect{};
  Mode mode = Mode::ptp;
  BridgeConfig bridge{};  ///< mode bridge
  OvsConfig ovs{};        ///< mode ovs; in mode bridge, of a pair that joins the bridge to Open vSwitch (vethctl)
  PeerConfig peer{};      ///< mode netns
  std::optional<std::uint32_t> mtu =
      1500;                             ///< bytes, both ends; nullopt: "auto", the MTU of the default route's device
  PairKind pair_kind = PairKind::veth;  ///< device; only mode ptp has another one
  bool big_tcp = false;       ///< bigTcp, modes ptp and bridge: both ends pass on packets as large as the uplink's
  bool enable_dad = false;    ///< enabledad: IPv6 duplicate address detection
  bool check_sources = true;  ///< key ipspoofchk, mode ptp: the host drops packets from other addresses
  SourceNat source_nat{};
  bool ready_when_full = false;  ///< readyWhenFull: STATUS succeeds even if all addresses are in use
  IpamConfig ipam{};
  std::optional<Dns> dns{};  ///< replaces the DNS settings of the IPAM
  Bandwidth bandwidth{};     ///< key bandwidth and capability bandwidth combined
  TuningConfig tuning{};     ///< configuration and args.cni combined
  RuntimeRequest requested{};
  std::optional<Result> previous{};  ///< prevResult
  std::optional<std::vector<ValidAttachment>>
      valid_attachments{};                  ///< GC; nullopt: the key is absent, GC deletes nothing
  std::vector<std::string> ignored_keys{};  ///< JSON pointers of unknown keys

  bool operator==(const NetworkConfig&) const = default;
};

/// The part of a bridge on which the addresses of the network are unique; empty: the mode has no bridge.
std::string bridge_segment_of(const NetworkConfig& config);

/// Parses the configuration for `verb`. For ADD, CHECK and STATUS all keys of this plugin must be valid. For DEL and GC
/// the network's name is enough, and a member that cannot be read counts as absent. Throws Error:
/// incompatible_version, unsupported_field, decoding_failure, invalid_config.
NetworkConfig parse_network_config(std::string_view text, Verb verb, const Args& args, const Dialect& dialect = {});

/// The same for a parsed document.
NetworkConfig parse_network_config(const JsonDocument& document, Verb verb, const Args& args,
                                   const Dialect& dialect = {});

/// As parse_network_config, for the executable veth-ipam, which gets the configuration of another plugin: reads only
/// "ipam" and the addresses that the runtime requests.
NetworkConfig parse_ipam_request(std::string_view text, Verb verb, const Args& args,
                                 IpamDialect dialect = IpamDialect::veth_ipam);

/// Parses a configuration as for an ADD, but without runtimeConfig: an ADD may add the addresses that are missing here.
NetworkConfig parse_config_file(std::string_view text);

/// The same for the executable veth-ipam.
NetworkConfig parse_ipam_config_file(std::string_view text);

/// As parse_network_config, for a plugin without keys of its own: reads only the keys that the specification defines
/// for every plugin, and "log".
NetworkConfig parse_common_config(std::string_view text, Verb verb);

/// The cniVersion of a text that may be invalid, for the output of VERSION and for errors. nullopt if it cannot be
/// read.
std::optional<std::string> find_version_text(std::string_view text);

}  // namespace cni
