#pragma once

#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/kernel/repairer.hpp"
#include "plugin/posix/file_descriptor.hpp"

namespace kernel {

/// The kernel that this process runs on. The network namespace of this process is the host's.
class LinuxRepairer final : public Repairer {
 public:
  /// `kernel` must outlive it.
  explicit LinuxRepairer(Kernel& kernel);

  std::optional<Conflict> repair(const wiring::Wiring& wiring, const AttachmentContext& context) override;
  std::vector<Conflict> find_conflicts(const wiring::Wiring& wiring, std::uint32_t device_index) override;

 private:
  std::optional<Conflict> repair_rules(const wiring::Wiring& wiring, const AttachmentContext& context);
  std::optional<Conflict> repair_member(const wiring::Wiring& wiring, const AttachmentContext& context);

  Kernel& kernel_;
  posix::FileDescriptor host_netns_;
  NetlinkSocket host_;
};

}  // namespace kernel
