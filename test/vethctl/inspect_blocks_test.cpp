#include "plugin/vethctl/inspect/blocks.hpp"
#include "plugin/vethctl/report/leases.hpp"
#include "test/verbs/network.hpp"

#include <filesystem>
#include <fstream>

namespace {

using test::ip;

cni::Prefix prefix_at(const char* text) { return *cni::find_prefix(text); }

class PoolBlocks : public test::NetworkTest {
 protected:
  PoolBlocks() {
    write(3, "10.1.2.0/26", "fd00::/122");
    write(5, "10.1.2.128/26", "fd00::80/122");
  }

  void write(std::uint32_t index, const char* ipv4, const char* ipv6) const {
    state::write_block("default",
                       {.index = index,
                        .prefixes = {prefix_at(ipv4), prefix_at(ipv6)},
                        .pool = {prefix_at("10.1.0.0/16"), prefix_at("fd00::/112")}},
                       blocks);
  }

  std::string blocks = root + "-blocks";
};

TEST_F(PoolBlocks, AreReadWithTheAddressOfTheNode) {
  const auto all = inspect::read_pool_blocks(blocks);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "default/000003");
  EXPECT_TRUE(all[0].has_node_address);
  EXPECT_FALSE(all[1].has_node_address);
  EXPECT_TRUE(inspect::read_pool_blocks(blocks + "/missing").empty());
  std::ofstream{blocks + "/.lock"};
  std::ofstream{blocks + "/default/000007"} << "damaged";
  EXPECT_TRUE(inspect::read_pool_blocks(blocks).empty());
}

TEST_F(PoolBlocks, CountTheAddressesOfAllNetworks) {
  folder.addresses.take("net", ip("10.1.2.2"), tag("c1"));
  folder.addresses.take("net", ip("fd00::2"), tag("c1"));
  folder.addresses.take("other", ip("10.1.2.3"), tag("c2"));
  folder.addresses.take("other", ip("10.9.0.1"), tag("c3"));
  std::vector<state::Folder> folders;
  folders.push_back(std::move(folder));
  const auto uses = count_uses(inspect::read_pool_blocks(blocks), folders);
  EXPECT_EQ(report::block_uses(uses, {.width = 100}),
            "BLOCK           NETWORKS                    USED\n"
            "default/000003  10.1.2.0/26 fd00::/122      2 of 63\n"
            "default/000005  10.1.2.128/26 fd00::80/122  0 of 64\n");
}

TEST_F(PoolBlocks, AreNamedBesideTheLeases) {
  std::vector<inspect::Lease> leases{{.network = "net", .address = ip("10.1.2.130")},
                                     {.network = "net", .address = ip("10.1.2.64")}};
  name_blocks(inspect::read_pool_blocks(blocks), leases);
  EXPECT_EQ(report::leases(leases, {.width = 100}),
            "NETWORK  ADDRESS     CONTAINER  INTERFACE  STATE       AGE  BLOCK\n"
            "net      10.1.2.130  -          -          unrecorded  -    default/000005\n"
            "net      10.1.2.64   -          -          unrecorded  -    -\n");
  EXPECT_NE(report::json(leases).find("\"block\": \"default/000005\""), std::string::npos);
}

}  // namespace
