#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace test {

/// An empty directory below /tmp, which is removed with its content.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string path = "/tmp/veth-cni-test-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error{"make a temporary directory"};
    path_ = path;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace test
