#include "plugin/verbs/status.hpp"

#include "test/verbs/network.hpp"

#include <cerrno>
#include <filesystem>

namespace {

class Status : public test::NetworkTest {
 protected:
  Status() { config.ipam.ranges = {{test::range("10.1.2.0/29", "10.1.2.2", "10.1.2.3")}}; }

  std::string error_of_status() {
    cni::Request status;
    status.attachment.network = "net";
    status.plugin_path = {directory.path()};
    status.config = config;
    return test::error_text([&] { verbs::status(status, kernel, root); });
  }
  void fill() {
    add("c1");
    add("c2");
  }
};

TEST_F(Status, SucceedsIfAnAddCanBeServed) {
  EXPECT_EQ(error_of_status(), "");
  add("c1");
  EXPECT_EQ(error_of_status(), "");
}

TEST_F(Status, CreatesTheStateFolder) {
  root = directory.path() + "/new";
  EXPECT_EQ(error_of_status(), "");
  EXPECT_TRUE(std::filesystem::is_directory(root));
}

TEST_F(Status, LeavesNothingInTheStateFolder) {
  EXPECT_EQ(error_of_status(), "");
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/.status"));
  EXPECT_FALSE(folder.records.has_any("net"));
}

TEST_F(Status, NeedsCapNetAdmin) {
  kernel.node.may_change_network = false;
  EXPECT_EQ(error_of_status(),
            "50: no container can be added now: cannot change the network without the capability "
            "CAP_NET_ADMIN: run the plugin as root");
}

TEST_F(Status, NeedsNftablesIfRulesAreConfigured) {
  kernel.node.nftables_error = posix::system_error(EPROTONOSUPPORT, "get the generation of nftables");
  config.source_nat.masquerade = true;
  EXPECT_EQ(error_of_status(),
            "50: no container can be added now: this kernel has no nftables, which ipMasq and macspoofchk need: "
            "get the generation of nftables: Protocol not supported");
}

TEST_F(Status, NeedsAKernelThatMayHaveNetkitIfItIsConfigured) {
  kernel.node.lacks_netkit = "6.1.0-50-amd64";
  config.pair_kind = cni::PairKind::automatic;
  EXPECT_EQ(error_of_status(), "");
  config.pair_kind = cni::PairKind::netkit;
  EXPECT_EQ(error_of_status(),
            "50: no container can be added now: Linux 6.1.0-50-amd64 has no netkit: \"device\": \"netkit\" needs 6.7 "
            "or newer");
}

TEST_F(Status, RejectsAStateFolderThatOtherUsersCanWrite) {
  std::filesystem::permissions(root, std::filesystem::perms::all);
  const auto error = error_of_status();
  EXPECT_EQ(error.substr(0, 35), "50: no container can be added now: ") << error;
  EXPECT_NE(error.find(root), std::string::npos) << error;
}

TEST_F(Status, NeedsAStateFolderThatCanBeCreated) {
  root = "/dev/null/root";
  const auto error = error_of_status();
  EXPECT_EQ(error.substr(0, 35), "50: no container can be added now: ") << error;
  EXPECT_NE(error.find("/dev/null"), std::string::npos) << error;
}

TEST_F(Status, NeedsAFreeAddress) {
  fill();
  EXPECT_EQ(error_of_status(),
            "50: no container can be added now: no IP addresses available in range set "
            "10.1.2.2-10.1.2.3: 2 are taken");
}

TEST_F(Status, CountsAStaleAddressAsFree) {
  fill();
  kernel.remove_links_of(attachment("c1"));
  EXPECT_EQ(error_of_status(), "");
  EXPECT_TRUE(has_record("c1"));
}

TEST_F(Status, SucceedsForAFullPoolWithReadyWhenFull) {
  config.ready_when_full = true;
  fill();
  EXPECT_EQ(error_of_status(), "");
}

TEST_F(Status, ThrowsTheErrorOfADelegateUnchanged) {
  install_delegate(R"(echo '{"code": 51, "msg": "the delegate is ill"}'; exit 1)");
  EXPECT_EQ(error_of_status(), "51: the delegate is ill");
  EXPECT_EQ(verbs_of_delegate(), "STATUS\n");
}

TEST_F(Status, RejectsInvalidRanges) {
  config.ipam.ranges = {{test::range("10.1.2.0/29", "10.9.9.9")}};
  EXPECT_EQ(error_of_status().substr(0, 3), "7: ") << error_of_status();
}

}  // namespace
