#pragma once

#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/kernel/prober.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kernel {

/// A drop of nftables, with the number that identifies the probe.
struct TracedDrop {
  std::uint16_t id = 0;  ///< ICMP identifier or port of the sender
  RuleDrop drop{};       ///< without its place

  bool operator==(const TracedDrop&) const = default;
};

/// Reads the messages of `nft monitor trace` about several packets. The headers of a packet are only in its first
/// message.
class TraceReader {
 public:
  explicit TraceReader(std::vector<std::uint16_t> ids) : ids_(std::move(ids)) {}

  /// nullopt if the message reports no drop of a probe.
  std::optional<TracedDrop> read(const std::string& message);

 private:
  std::vector<std::uint16_t> ids_;
  std::map<std::uint32_t, std::uint16_t> id_of_packet_{};  ///< by the trace ID of the kernel
};

/// Traces packets through the rules of nftables in the namespace of the thread that constructs it. The tables that it
/// adds belong to its socket: the kernel deletes them when the socket is closed, however the process ends
/// (NFT_TABLE_F_OWNER, Linux 5.12).
class PacketTrace {
 public:
  /// A kernel without nftables traces nothing. Throws std::system_error.
  explicit PacketTrace(const std::vector<std::uint16_t>& ids);

  /// The drops since the last call; does not block.
  std::vector<TracedDrop> read();

 private:
  void add_table(std::uint8_t family, std::span<const std::uint16_t> ids);

  TraceReader reader_;
  posix::FileDescriptor events_;
  NetlinkSocket owner_;
};

}  // namespace kernel
