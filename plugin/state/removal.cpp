#include "plugin/state/removal.hpp"

#include "plugin/posix/system_error.hpp"
#include "plugin/state/location.hpp"
#include "plugin/text/quoted.hpp"

#include <unistd.h>

#include <cerrno>

namespace state {
namespace {

/// Folders of other hosts that share /run may be left. In a container the root is a mount point.
void remove_if_empty(const std::string& root) {
  if (::rmdir(root.c_str()) == 0) return;
  const bool is_expected = errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY || errno == ENOENT;
  if (!is_expected) posix::throw_errno("remove " + text::quoted(root));
}

}  // namespace

bool remove_folders(const std::string& root) {
  const auto directory = find_private_path(root);
  if (!directory) return false;
  const auto own = folder_name();
  remove_unused_folders(directory->get(), own);
  remove_tree(directory->get(), own);
  remove_if_empty(root);
  return true;
}

}  // namespace state
