#pragma once

#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/kernel/repairer.hpp"
#include "plugin/posix/file_descriptor.hpp"

namespace kernel {

/// In the kernel that this process runs on; its network namespace is the host's.
class LinuxRepairer final : public Repairer {
 public:
  /// `kernel` has to outlive it.
  explicit LinuxRepairer(Kernel& kernel);

  std::optional<Conflict> repair(const wiring::Wiring& wiring, const Site& site) override;

 private:
  Kernel& kernel_;
  posix::FileDescriptor home_;
  NetlinkSocket host_;
};

}  // namespace kernel
