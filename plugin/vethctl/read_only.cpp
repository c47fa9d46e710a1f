#include "plugin/vethctl/read_only.hpp"

#include <sys/statvfs.h>

namespace vethctl {

bool is_read_only(const char* path) {
  struct statvfs found {};
  return ::statvfs(path, &found) == 0 && (found.f_flag & ST_RDONLY) != 0;
}

}  // namespace vethctl
