#include "integration/support/file_text.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace support {

std::string read_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

void write_text(const std::string& path, const std::string& text) {
  if (!(std::ofstream{path, std::ios::trunc} << text << std::flush)) throw std::runtime_error("cannot write " + path);
}

}  // namespace support
