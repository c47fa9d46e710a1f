#include "plugin/verbs/perform.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/result.hpp"
#include "test/support/error_text.hpp"
#include "test/support/fake_kernel.hpp"
#include "test/verbs/data_dir.hpp"

namespace {

/// Complete calls, with environment and input, for the attachment net/c1/eth0.
class Perform : public test::DataDir {
 protected:
  std::string perform(const std::string& command, const std::string& more = {}) {
    cni::Call call;
    call.environment.command = command;
    call.environment.container_id = "c1";
    call.environment.ifname = "eth0";
    call.environment.netns = "/run/netns/c1";
    call.environment.path = "/opt/cni/bin";
    call.input = R"({"cniVersion":"1.1.0","name":"net","type":"veth","ipam":{"type":"veth-ipam","dataDir":")" + root +
                 R"(","ranges":[[{"subnet":"10.1.2.0/29"}]]})" + more + "}";
    std::string printed;
    verbs::perform(std::move(call), kernel, [&](std::string_view text) { printed += text; });
    return printed;
  }
  bool has_record() const { return folder->records.has_any("net"); }

  test::FakeKernel kernel;
};

TEST_F(Perform, AddsAnAttachment) {
  const auto result = cni::parse_result(perform("ADD"), cni::Version::v1_1_0, "the result");
  ASSERT_EQ(result.interfaces.size(), 2U);
  EXPECT_EQ(result.interfaces[1].sandbox, "/run/netns/c1");
  EXPECT_EQ(kernel.pairs.size(), 1U);
  EXPECT_TRUE(has_record());
}

TEST_F(Perform, DeletesAnAttachment) {
  perform("ADD");
  EXPECT_EQ(perform("DEL"), "");
  EXPECT_TRUE(kernel.pairs.empty());
  EXPECT_FALSE(has_record());
}

TEST_F(Perform, ChecksAnAttachment) {
  const auto result = perform("ADD");
  EXPECT_EQ(perform("CHECK", ",\"prevResult\":" + result), "");
  kernel.pairs.clear();
  EXPECT_EQ(test::error_text([&] { perform("CHECK", ",\"prevResult\":" + result); }),
            "104: the attachment differs from what ADD created");
}

TEST_F(Perform, RemovesAttachmentsThatAreNotValid) {
  perform("ADD");
  EXPECT_EQ(perform("GC"), "");
  EXPECT_EQ(kernel.pairs.size(), 1U);
  EXPECT_EQ(perform("GC", R"(,"cni.dev/valid-attachments":[])"), "");
  EXPECT_TRUE(kernel.pairs.empty());
}

TEST_F(Perform, ReportsWhetherAnAddCanBeServed) {
  EXPECT_EQ(perform("STATUS"), "");
  kernel.node.may_change_network = false;
  EXPECT_EQ(test::error_text([&] { perform("STATUS"); }).substr(0, 4), "50: ");
}

TEST_F(Perform, RejectsAConfigurationBeforeAnyChange) {
  EXPECT_EQ(test::error_text([&] { perform("ADD", R"(,"mtu":"large")"); }).substr(0, 7), "7: /mtu");
  EXPECT_TRUE(kernel.calls.empty());
  EXPECT_FALSE(has_record());
}

}  // namespace
