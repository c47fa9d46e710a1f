#include "ipam/pool_ipam.hpp"

#include "test/ipam/network.hpp"
#include "test/support/error_text.hpp"

#include <sys/stat.h>

#include <fstream>
#include <string>

namespace {

using test::ip;
using test::prefix;

/// Blocks of four addresses of each family. The claim program is a shell script.
class PoolIpam : public test::Network {
 protected:
  PoolIpam() { config.ipam.pool = "default"; }

  std::string root() const { return directory.path() + "/blocks"; }

  static state::Block block(std::uint32_t index) {
    const auto first = std::to_string(4 * index);
    return {.index = index,
            .prefixes = {prefix("10.128.0." + first + "/30"), prefix("fd00:244::" + first + "/126")},
            .pool = {prefix("10.128.0.0/9"), prefix("fd00:244::/48")}};
  }
  void write(std::uint32_t index) const { state::write_block("default", block(index), root()); }

  cni::Request asking(const std::string& container) {
    auto asking = request(container);
    asking.plugin_path = {"/nonexistent", directory.path()};
    return asking;
  }

  /// The addresses, or the error.
  std::string allocate(const std::string& container) {
    const auto request = asking(container);
    std::string text;
    const auto error = test::error_text([&] {
      for (const auto& given : test::lease_of(ipam::PoolIpam{request, &folder, root()}.allocate()).addresses) {
        text += (text.empty() ? "" : " ") + cni::to_string(given.address);
      }
    });
    return error.empty() ? text : error;
  }

  std::string readiness() {
    const auto request = asking("");
    return test::error_text([&] { ipam::PoolIpam{request, &folder, root()}.status(); });
  }

  void install_claim_program(const std::string& script) const {
    const auto path = directory.path() + "/veth-node";
    std::ofstream{path} << "#!/bin/sh\necho \"$@\" >>" << directory.path() << "/claims\n" << script << '\n';
    ::chmod(path.c_str(), 0755);
  }
  std::string claims() const {
    std::ifstream file{directory.path() + "/claims"};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  /// A script that gives the node a block which was prepared elsewhere.
  std::string moving_block(std::uint32_t index) const {
    state::write_block("default", block(index), directory.path() + "/other");
    return "mkdir -p " + root() + "/default; mv " + directory.path() + "/other/default/* " + root() + "/default";
  }
};

TEST_F(PoolIpam, AssignsAllAddressesOfABlockButThatOfTheNode) {
  write(2);
  EXPECT_EQ(allocate("a"), "10.128.0.9/32 fd00:244::9/128");
  EXPECT_EQ(allocate("b"), "10.128.0.10/32 fd00:244::a/128");
  EXPECT_EQ(allocate("c"), "10.128.0.11/32 fd00:244::b/128");
  EXPECT_EQ(claims(), "");
}

TEST_F(PoolIpam, AssignsAllAddressesOfFurtherBlocks) {
  write(2);
  write(5);
  for (const char* container : {"a", "b", "c"}) allocate(container);
  EXPECT_EQ(allocate("d"), "10.128.0.20/32 fd00:244::20/128");
}

TEST_F(PoolIpam, ReturnsNoGatewayAndThePrefixesOfThePool) {
  write(2);
  const auto request = asking("a");
  const auto lease = test::lease_of(ipam::PoolIpam{request, &folder, root()}.allocate());
  ASSERT_EQ(lease.addresses.size(), 2U);
  EXPECT_EQ(lease.addresses[0].gateway, std::nullopt);
  EXPECT_EQ(lease.addresses[1].gateway, std::nullopt);
  EXPECT_EQ(lease.pool, block(2).pool);
}

TEST_F(PoolIpam, ClaimsABlockIfAllAreFull) {
  write(2);
  install_claim_program(moving_block(7));
  for (const char* container : {"a", "b", "c"}) allocate(container);
  EXPECT_EQ(allocate("d"), "10.128.0.28/32 fd00:244::28/128");
  EXPECT_EQ(claims(), "claim --pool default --beyond 1\n");
}

TEST_F(PoolIpam, ClaimsTheFirstBlock) {
  install_claim_program(moving_block(7));
  EXPECT_EQ(allocate("a"), "10.128.0.29/32 fd00:244::29/128");
}

TEST_F(PoolIpam, AsksToTryAgainIfNoBlockCanBeClaimed) {
  EXPECT_EQ(allocate("a"),
            "11: this node has no block of pool \"default\", and no block can be claimed: veth-node is not in "
            "CNI_PATH [/nonexistent " +
                directory.path() + "]");
  install_claim_program("echo 'pool \"default\" is full'; exit 1");
  const auto program = '"' + directory.path() + "/veth-node claim --pool default\"";
  EXPECT_EQ(allocate("a"),
            "11: this node has no block of pool \"default\", and " + program + " failed: pool \\\"default\\\" is full");
  install_claim_program("exit 0");
  EXPECT_EQ(allocate("a"), "11: this node has no block of pool \"default\", also in the block that was claimed now");
}

TEST_F(PoolIpam, AsksToTryAgainIfTheClaimTakesTooLong) {
  install_claim_program("exec sleep 60");
  const auto start = std::chrono::steady_clock::now();
  const auto error = allocate("a");
  EXPECT_NE(error.find("did not end within 5 s"), std::string::npos) << error;
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{8});
}

TEST_F(PoolIpam, ReportsADamagedBlockAndAllocatesNothing) {
  write(2);
  std::ofstream{root() + "/default/000002"} << "{";
  const auto error = allocate("a");
  EXPECT_EQ(error.find("5: cannot read the block of addresses in \"" + root() + "/default/000002\""), 0U) << error;
  EXPECT_TRUE(folder.addresses.list_addresses("net").empty());
}

TEST_F(PoolIpam, AssignsTheRequestedAddressOfAnOwnBlock) {
  write(2);
  auto request = asking("a");
  request.config.requested.addresses = {test::requested("10.128.0.10")};
  const auto lease = test::lease_of(ipam::PoolIpam{request, &folder, root()}.allocate());
  EXPECT_EQ(lease.addresses[0].address, prefix("10.128.0.10/32"));
  request.config.requested.addresses = {test::requested("10.128.0.44")};
  const auto error = test::error_text([&] { ipam::PoolIpam{request, &folder, root()}.allocate(); });
  EXPECT_NE(error.find("10.128.0.44 is in none of the ranges"), std::string::npos) << error;
}

TEST_F(PoolIpam, IsReadyWithAFreeAddressOrAnotherBlock) {
  write(2);
  EXPECT_EQ(readiness(), "");
  for (const char* container : {"a", "b", "c"}) allocate(container);
  EXPECT_EQ(readiness().find("102: no IP addresses available"), 0U) << readiness();
  install_claim_program(moving_block(7));
  EXPECT_EQ(readiness(), "");
  EXPECT_EQ(allocate("d"), "10.128.0.28/32 fd00:244::28/128");
}

TEST_F(PoolIpam, ChecksTheAddressesOfItsBlocks) {
  write(2);
  allocate("a");
  auto request = asking("a");
  EXPECT_EQ(test::error_text([&] { ipam::PoolIpam{request, &folder, root()}.check(); }), "");
  folder.addresses.release("net", ip("10.128.0.9"), tag_of("a"));
  EXPECT_NE(test::error_text([&] { ipam::PoolIpam{request, &folder, root()}.check(); }), "");
}

TEST_F(PoolIpam, ReleasesWhatNoAttachmentHolds) {
  write(2);
  folder.addresses.take("net", ip("10.128.0.9"), tag_of("gone"));
  const auto request = asking("");
  ipam::PoolIpam{request, &folder, root()}.gc({});
  EXPECT_TRUE(folder.addresses.list_addresses("net").empty());
}

TEST_F(PoolIpam, HasNoRangeForABlockThatIsOnlyTheAddressOfTheNode) {
  const state::Block single{.index = 0, .prefixes = {prefix("10.128.0.0/32")}, .pool = {prefix("10.128.0.0/24")}};
  EXPECT_TRUE(ipam::with_blocks(config, {single}).ipam.ranges.empty());
}

}  // namespace
