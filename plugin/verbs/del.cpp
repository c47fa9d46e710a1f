#include "plugin/verbs/del.hpp"

#include "plugin/verbs/best_effort.hpp"
#include "plugin/verbs/detach.hpp"
#include "plugin/verbs/state_folder.hpp"

#include <optional>

namespace verbs {
void del(const cni::Request& request, kernel::Kernel& kernel, const std::string& root) {
  BestEffort effort;
  std::optional<state::Folder> folder;
  effort.attempt([&] { folder = find_folder(root, request.attachment.network); });
  std::optional<posix::ByteLock> lock;
  if (folder) lock = folder->lock(request.attachment);
  cni::lap(request.stopwatch, "lock");
  detach(request, kernel, folder ? &*folder : nullptr, effort);
  effort.finish();
}

}  // namespace verbs
