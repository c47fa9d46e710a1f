#pragma once

#include "plugin/state/folder.hpp"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace test {

/// A state folder for the key dataDir. It has to be below /run or /var/lib, so these tests must be able to write there.
class DataDir : public testing::Test {
 protected:
  void SetUp() override {
    for (const std::string parent : {"/run", "/var/lib"}) {
      std::string path = parent + "/veth-cni-test-XXXXXX";
      if (::mkdtemp(path.data()) == nullptr) continue;
      root = path;
      folder = state::Folder::open(root, root);
      return;
    }
    GTEST_SKIP() << "NOT RUN: neither /run nor /var/lib can be written";
  }
  void TearDown() override {
    folder.reset();
    if (!root.empty()) std::filesystem::remove_all(root);
  }

  std::string root;
  std::optional<state::Folder> folder;
};

}  // namespace test
