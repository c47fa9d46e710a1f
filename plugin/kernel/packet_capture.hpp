#pragma once

#include "plugin/kernel/prober.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kernel {

/// A packet of a probe on an interface.
struct CapturedPacket {
  std::int64_t time_ns = 0;  ///< of the system clock
  std::string interface {};
  bool is_outgoing = false;
  cni::Family family = cni::Family::ipv4;
  ProbeProtocol protocol = ProbeProtocol::icmp;
  std::uint16_t id = 0;  ///< the ICMP identifier, or the port of the sender
  bool is_answer = false;

  bool operator==(const CapturedPacket&) const = default;
};

/// A program for packets without Ethernet header: accepts those with one of these numbers as ICMP identifier, source
/// port or destination port, and a few others.
std::vector<sock_filter> accept_ids(std::span<const std::uint16_t> ids);

/// Reads protocol and number of an IP packet. The answer is recognised by its ICMP type, or because the number, one of
/// `ids`, is its destination port. nullopt for other packets.
std::optional<CapturedPacket> find_packet(std::string_view bytes, std::span<const std::uint16_t> ids);

/// Captures packets on all interfaces of the namespace of the thread that constructs it (packet(7)).
class PacketCapture {
 public:
  /// Throws std::system_error.
  explicit PacketCapture(std::vector<std::uint16_t> ids);

  /// What was captured since the last call; does not block.
  std::vector<CapturedPacket> read() const;

 private:
  std::optional<CapturedPacket> receive() const;

  std::vector<std::uint16_t> ids_;
  posix::FileDescriptor socket_;
};

}  // namespace kernel
