#include "integration/support/libcni.hpp"

#include <filesystem>

namespace support {

Outcome Libcni::run(const std::string& verb, const Container& container) const {
  return support::run(
      {.argv = {LIBCNI_DRIVER, verb, folder, network, container.netns.path(), container.id, container.interface},
       .environment = {"CNI_PATH=" + path, "CACHE_DIR=" + cache, "CAP_ARGS=" + capabilities}});
}

bool has_libcni() { return std::filesystem::exists(LIBCNI_DRIVER); }

}  // namespace support
