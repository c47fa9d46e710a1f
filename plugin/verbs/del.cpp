#include "plugin/verbs/del.hpp"

#include "ipam/ipam.hpp"
#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/state_folder.hpp"
#include "plugin/attachment/teardown.hpp"

#include <optional>
#include <utility>

namespace verbs {
namespace {

/// Removes only links and elements: the record cannot be read, so the addresses and gateways in it are unknown.
void tear_down_in_kernel(const cni::Request& request, kernel::Kernel& kernel, attachment::BestEffort& effort) {
  auto footprints = attachment::footprints_of(request, std::nullopt, nullptr);
  for (auto& footprint : footprints) footprint.gateways.clear();
  attachment::tear_down(std::move(footprints), {.kernel = &kernel, .stopwatch = request.stopwatch}, effort);
}

}  // namespace

/// Removes the objects in the kernel even if the state folder cannot be read.
void del(const cni::Request& request, kernel::Kernel& kernel, const std::string& root) {
  attachment::BestEffort effort;
  std::optional<state::Folder> opened;
  effort.attempt([&] { opened = attachment::find_folder(root, request.attachment.network); });
  auto* folder = opened ? &*opened : nullptr;
  std::optional<posix::ByteLock> lock;
  if (folder != nullptr) lock = folder->locks.attachment(request.attachment);
  cni::lap(request.stopwatch, "lock");
  std::optional<state::StoredRecord> stored;
  const auto find = [&] { stored = folder->records.find(request.attachment); };
  if (folder != nullptr && !effort.attempt(find)) {
    tear_down_in_kernel(request, kernel, effort);
    return effort.finish();
  }
  auto footprints = attachment::footprints_of(request, stored, folder);
  const auto ipam = ipam::make_ipam(request, folder);
  attachment::tear_down(std::move(footprints), {&kernel, folder, request.stopwatch}, effort, ipam.get());
  effort.finish();
}

}  // namespace verbs
