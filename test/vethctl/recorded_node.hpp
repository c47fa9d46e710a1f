#pragma once

#include "plugin/state/folder.hpp"
#include "plugin/wiring/text.hpp"
#include "test/support/fake_inspector.hpp"
#include "test/support/temporary_directory.hpp"
#include "test/vethctl/nodes.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace test {

/// A node with a state folder of its own and a fake kernel.
class RecordedNode : public testing::Test {
 protected:
  RecordedNode() { folders.push_back(state::Folder::open(root, root)); }

  state::Folder& folder() { return folders.front(); }

  void record(const wiring::Wiring& wiring, state::Stage stage = state::Stage::live) {
    folder().records.write_pending({.attachment = wiring.attachment,
                                    .netns = "/run/netns/" + wiring.attachment.container,
                                    .host_interface = state::HostInterface{.name = wiring.host.name, .index = 10},
                                    .wiring = wiring::to_text(wiring)});
    if (stage == state::Stage::live) folder().records.mark_live(wiring.attachment);
  }

  /// Adds the record and the veth pair.
  void attach(const wiring::Wiring& wiring) {
    record(wiring);
    kernel.put(wiring);
  }

  TemporaryDirectory directory;
  std::string root = directory.path() + "/root";
  std::vector<state::Folder> folders;
  FakeKernel kernel;
  FakeInspector inspector{kernel};
};

}  // namespace test
