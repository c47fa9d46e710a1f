#include "plugin/vethctl/planning_kernel.hpp"

#include "plugin/cni/error.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>

namespace vethctl {
namespace {

/// Ends the ADD when its wiring is complete.
struct Planned : std::exception {
  const char* what() const noexcept override { return "the wiring is complete"; }
};

}  // namespace

wiring::Wiring PlanningKernel::plan(const std::function<void()>& add) {
  planned_.reset();
  try {
    add();
  } catch (const Planned&) {
    return *planned_;
  }
  throw std::logic_error{"the ADD built no wiring"};
}

kernel::Namespace PlanningKernel::open_namespace(const std::string& path, bool allow_own) {
  return real_.open_namespace(path, allow_own);
}

kernel::NodeState PlanningKernel::read_node(const kernel::NodeQuery& query) { return real_.read_node(query); }

kernel::BuildOutcome PlanningKernel::build(const wiring::Wiring& wiring, const kernel::AttachmentContext& /*context*/,
                                           wiring::Footprint& /*footprint*/) {
  planned_ = wiring;
  throw Planned{};
}

void PlanningKernel::restore_rules(std::span<const wiring::Wiring> /*wirings*/,
                                   const kernel::AttachmentContext& /*context*/, bool /*mark_complete*/) {}

wiring::Observed PlanningKernel::observe(const wiring::Wiring& wanted, const kernel::AttachmentContext& context) {
  return real_.observe(wanted, context);
}

std::vector<bool> PlanningKernel::find_ends(std::span<const wiring::Footprint> batch, kernel::Search search) {
  return real_.find_ends(batch, search);
}

std::vector<wiring::Footprint> PlanningKernel::list(const std::string& network) { return real_.list(network); }

/// The rollback of the planned ADD has nothing to remove. Before that, the ADD searches for an ifb without its pair,
/// and it would remove a stale attachment.
kernel::Removal PlanningKernel::remove(std::span<const wiring::Footprint> batch) {
  const auto has_only_ifb = [](const wiring::Footprint& footprint) {
    return !footprint.may_have_pair && !footprint.may_have_rules;
  };
  if (planned_ || std::ranges::all_of(batch, has_only_ifb)) return {};
  throw cni::Error{cni::ErrorCode::try_again_later, "cannot explain: a stale attachment would be removed first",
                   "remove stale attachments with vethctl gc"};
}

bool PlanningKernel::clean_rules(const std::string& /*network*/) { return false; }

}  // namespace vethctl
