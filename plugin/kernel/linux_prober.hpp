#pragma once

#include "plugin/kernel/prober.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <optional>
#include <span>
#include <vector>

namespace kernel {

/// The kernel that this process runs on.
class LinuxProber final : public Prober {
 public:
  LinuxProber();

  std::vector<ProbeAnswer> exchange(std::span<const ProbePacket> packets, std::span<const Namespace> places,
                                    const ProbeOptions& options) override;
  std::optional<NextHop> find_next_hop(const cni::IpAddress& destination, const Namespace& netns) override;
  bool has_failed_neighbour(const cni::IpAddress& address, const Namespace& netns) override;
  bool forwards(cni::Family family, const Namespace& netns) override;

 private:
  posix::FileDescriptor own_netns_;
};

}  // namespace kernel
