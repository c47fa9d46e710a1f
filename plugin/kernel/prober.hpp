#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/kernel.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kernel {

enum class ProbeProtocol { icmp, tcp, udp };

/// A packet that tests a path: an ICMP echo request, a TCP connect or a UDP datagram.
struct ProbePacket {
  ProbeProtocol protocol = ProbeProtocol::icmp;
  std::size_t from = 0;  ///< position of the sender's namespace
  cni::IpAddress destination{};
  std::optional<std::size_t> listener{};  ///< tcp, udp: position of the namespace in which a temporary socket listens
                                          ///< on `destination`; nullopt: the packet is sent to `port`
  std::uint16_t port = 0;
  std::uint32_t ip_bytes = 84;  ///< icmp: size of the IP packet
  bool may_fragment = true;     ///< icmp; false: the packet is not fragmented (DF), whatever path MTU is cached

  bool operator==(const ProbePacket&) const = default;
};

/// One interface that a packet or its answer passed.
struct Sighting {
  std::size_t place = 0;  ///< position of the namespace
  std::string interface {};
  bool is_outgoing = false;
  bool is_answer = false;

  bool operator==(const Sighting&) const = default;
};

/// The rule, or the policy of a base chain, by which nftables dropped a packet.
struct RuleDrop {
  std::size_t place = 0;  ///< position of the namespace
  std::string family{};   ///< the name in nft(8)
  std::string table{};
  std::string chain{};
  std::uint64_t handle = 0;  ///< of the rule; 0: the policy of the chain

  bool operator==(const RuleDrop&) const = default;
};

/// What became of a packet.
struct ProbeAnswer {
  enum class Kind {
    answered,
    refused,   ///< by a TCP RST or an ICMP "port unreachable"
    rejected,  ///< another ICMP error: `error`, `reporter`
    too_big,   ///< larger than the path MTU `mtu`
    not_sent,  ///< the kernel of the sender refused it: `error`
    lost,      ///< no answer within the timeout
  };

  Kind kind = Kind::lost;
  std::chrono::microseconds round_trip{};    ///< of an answer
  int error = 0;                             ///< errno
  std::optional<cni::IpAddress> reporter{};  ///< source of the ICMP error; nullopt: unknown, or this node
  std::uint32_t mtu = 0;                     ///< bytes
  std::vector<Sighting> sightings{};         ///< in the order of time
  std::vector<RuleDrop> drops{};             ///< only with ProbeOptions::trace

  bool operator==(const ProbeAnswer&) const = default;
};

struct ProbeOptions {
  std::chrono::milliseconds timeout{700};  ///< for all answers together
  bool trace = false;                      ///< adds temporary tables to nftables that trace the packets
};

/// The next hop of packets to a destination.
struct NextHop {
  std::string interface {};
  std::optional<cni::IpAddress> gateway{};
  bool is_local = false;  ///< the destination is an address of the namespace

  bool operator==(const NextHop&) const = default;
};

/// Sends packets between namespaces. Nothing is left in them, however the process ends: there are only sockets, and
/// tables of nftables that belong to a socket. Functions throw std::system_error.
class Prober {
 public:
  virtual ~Prober() = default;

  /// Sends all packets at once, and returns what became of each. `places` are different namespaces.
  virtual std::vector<ProbeAnswer> exchange(std::span<const ProbePacket> packets, std::span<const Namespace> places,
                                            const ProbeOptions& options) = 0;

  /// nullopt if the namespace has no route to the address, or one that rejects packets.
  virtual std::optional<NextHop> find_next_hop(const cni::IpAddress& destination, const Namespace& netns) = 0;

  /// Whether the kernel has tried to resolve the neighbour in vain (state FAILED or INCOMPLETE).
  virtual bool has_failed_neighbour(const cni::IpAddress& address, const Namespace& netns) = 0;

  /// Whether the namespace forwards packets of the family.
  virtual bool forwards(cni::Family family, const Namespace& netns) = 0;
};

}  // namespace kernel
