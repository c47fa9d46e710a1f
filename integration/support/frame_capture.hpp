#pragma once

#include "integration/support/call.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace support {

/// Captures the frames that arrive at an interface, from its construction on.
class FrameCapture {
 public:
  explicit FrameCapture(const Container& container);

  /// The captured address announcements: "arp 10.1.2.3" for the sender of an ARP packet, "neighbour advertisement
  /// fd00::3" for its target. Returns when no frame has arrived for the timeout.
  std::set<std::string> announcements(std::chrono::milliseconds timeout = std::chrono::milliseconds{200}) const;

  /// The captured frames, each from its Ethernet header on. Returns when no frame has arrived for the timeout.
  std::vector<std::string> frames(std::chrono::milliseconds timeout = std::chrono::milliseconds{200}) const;

 private:
  posix::FileDescriptor socket_;
};

/// The echo requests and replies among the frames, sorted. Frames that the kernel sends by itself are left out: they
/// may be sent before a second capture has begun.
std::vector<std::string> echoes(std::vector<std::string> frames);

}  // namespace support
