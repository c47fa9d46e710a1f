#include "integration/support/state_folder.hpp"

#include <filesystem>
#include <stdexcept>

namespace support {

std::string state_folder() {
  for (const auto& entry : std::filesystem::directory_iterator{state_root}) {
    if (entry.is_directory() && entry.path().filename() != "lost+found") return entry.path();
  }
  throw std::runtime_error("there is no state folder");
}

}  // namespace support
