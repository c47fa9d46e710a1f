#pragma once

#include "integration/support/call.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace support {

/// Takes every frame that comes to an interface, from its making on.
class Listener {
 public:
  /// Listens on the container's interface.
  explicit Listener(const Container& container);

  /// What was said within `patience` of the last frame: "arp 10.1.2.3" for the sender of an ARP packet, "neighbour
  /// advertisement fd00::3" for its target.
  std::set<std::string> heard(std::chrono::milliseconds patience = std::chrono::milliseconds{200}) const;

  /// The frames themselves, each from its Ethernet header on.
  std::vector<std::string> frames(std::chrono::milliseconds patience = std::chrono::milliseconds{200}) const;

 private:
  posix::FileDescriptor socket_;
};

/// The echo requests and replies among frames, sorted: what the kernel says by itself may come before a second listener
/// stands.
std::vector<std::string> echoes(std::vector<std::string> frames);

}  // namespace support
