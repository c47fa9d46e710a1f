#include "plugin/verbs/del.hpp"

#include "plugin/state/folder.hpp"
#include "plugin/verbs/best_effort.hpp"
#include "plugin/verbs/detach.hpp"

#include <optional>

namespace verbs {

void del(const cni::Request& request, kernel::Kernel& kernel, const std::string& root) {
  BestEffort effort;
  std::optional<state::Folder> folder;
  effort.attempt([&] { folder = state::Folder::find(root); });
  std::optional<posix::ByteLock> lock;
  if (folder) lock = folder->lock(request.attachment);
  cni::lap(request.stopwatch, "lock");
  detach(request, kernel, folder ? &*folder : nullptr, effort);
  effort.finish();
}

}  // namespace verbs
