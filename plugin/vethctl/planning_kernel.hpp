#pragma once

#include "plugin/kernel/kernel.hpp"

#include <functional>
#include <optional>

namespace vethctl {

/// Reads the network but changes nothing: the steps of an ADD run until its wiring is complete, and are rolled back.
class PlanningKernel : public kernel::Kernel {
 public:
  explicit PlanningKernel(kernel::Kernel& real) : real_(real) {}

  /// Runs an ADD on this kernel and returns the wiring that it would build. Its addresses are released again. Throws
  /// what the ADD throws before it builds, and cni::Error if it would first remove a stale attachment.
  wiring::Wiring plan(const std::function<void()>& add);

  kernel::Namespace open_namespace(const std::string& path, bool allow_own) override;
  kernel::NodeState read_node(const kernel::NodeQuery& query) override;
  kernel::BuildOutcome build(const wiring::Wiring& wiring, const kernel::AttachmentContext& context,
                             wiring::Footprint& footprint) override;
  void restore_rules(std::span<const wiring::Wiring> wirings, const kernel::AttachmentContext& context,
                     bool mark_complete) override;
  wiring::Observed observe(const wiring::Wiring& wanted, const kernel::AttachmentContext& context) override;
  std::vector<bool> find_ends(std::span<const wiring::Footprint> batch, kernel::Search search) override;
  std::vector<wiring::Footprint> list(const std::string& network) override;
  kernel::Removal remove(std::span<const wiring::Footprint> batch) override;
  bool clean_rules(const std::string& network) override;

 private:
  kernel::Kernel& real_;
  std::optional<wiring::Wiring> planned_{};
};

}  // namespace vethctl
