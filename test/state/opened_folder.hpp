#pragma once

#include "plugin/state/folder.hpp"
#include "test/support/error_text.hpp"
#include "test/support/temporary_directory.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace test {

/// An empty state folder, and two attachments of the network "net".
class OpenedFolder : public testing::Test {
 protected:
  std::string file(const std::string& name) const { return folder.path() + "/net/" + name; }
  std::string pending(cni::Tag tag) const { return file("pending/" + cni::to_string(tag)); }
  std::string live(cni::Tag tag) const { return file("live/" + cni::to_string(tag)); }

  static void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
    std::ofstream{path} << text;
  }

  const cni::Attachment first{.network = "net", .container = "c1", .interface = "eth0"};
  const cni::Attachment second{.network = "net", .container = "c2", .interface = "eth0"};
  const cni::Tag first_tag = cni::tag_of(first);
  const cni::Tag second_tag = cni::tag_of(second);
  const cni::IpAddress address = *cni::find_address("10.1.2.3");
  const cni::IpAddress address6 = *cni::find_address("fd00::3");
  const state::Record record{.attachment = first, .netns = "/run/netns/c1", .addresses = {address}};

  TemporaryDirectory directory;
  std::string root = directory.path() + "/root";
  state::Folder folder = state::Folder::open(root, root);
};

}  // namespace test
