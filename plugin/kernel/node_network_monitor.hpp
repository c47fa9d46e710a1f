#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>

struct nlmsghdr;

namespace kernel {

/// Reports that the network between nodes may have changed, by notifications of the kernel about links, addresses,
/// routes and next hop objects. nftables has no notifications here, since every change of the ruleset of the node would
/// wake the program: observe_node_network() has to be called from time to time.
class NodeNetworkMonitor {
 public:
  /// In the network namespace of the calling thread. Throws std::system_error.
  NodeNetworkMonitor();

  /// Becomes readable when has_changed() has something to read.
  int file() const { return file_.get(); }

  /// The devices of the underlay whose changes matter too: those of direct next hops and of the default route.
  void watch_devices(std::set<std::string> devices) { devices_ = std::move(devices); }

  /// Reads all notifications without waiting. True if one of them concerns the tunnel devices, the watched devices, or
  /// routes and objects of this program, and if notifications were lost (ENOBUFS).
  bool has_changed();

  /// Changes by this netlink port (the address of a socket) are not reported.
  void ignore(std::uint32_t port);

 private:
  bool is_relevant(nlmsghdr* message) const;
  bool is_relevant_device(const std::string& name) const;
  bool is_own(const nlmsghdr* message) const;

  posix::FileDescriptor file_;
  std::unique_ptr<char[]> buffer_;
  std::set<std::string> devices_;
  std::deque<std::uint32_t> ignored_;
};

}  // namespace kernel
