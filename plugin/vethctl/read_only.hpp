#pragma once

namespace vethctl {

/// Whether the file system of the path is mounted read-only: that of /proc/sys is in containers.
bool is_read_only(const char* path);

}  // namespace vethctl
