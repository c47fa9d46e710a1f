#include "plugin/vethctl/import.hpp"

#include "plugin/verbs/del.hpp"
#include "plugin/vethctl/commands.hpp"
#include "test/verbs/network.hpp"
#include "test/vethctl/console.hpp"

#include <filesystem>

namespace {

using test::ip;
using Texts = std::vector<std::string>;

class Import : public test::NetworkTest {
 protected:
  void SetUp() override {
    for (const auto& path : {leases, results}) std::filesystem::create_directories(path);
  }

  /// A container that plugin ptp has attached: an interface, the files of host-local, and the cached result of libcni.
  void attach(const std::string& container, const Texts& addresses, const std::string& host_interface) {
    kernel.pairs.push_back({{.index = next_index++, .name = host_interface, .alias = ""}, {}});
    for (const auto& address : addresses) write(leases + "/" + address, container + "\r\neth0");
    write(results + "/net-" + container + "-eth0",
          R"({"kind":"cniCacheV1","result":{"cniVersion":"1.0.0","interfaces":[{"name":"cni0"},{"name":")" +
              host_interface + R"("},{"name":"eth0","sandbox":"/run/netns/)" + container + R"("}]}})");
  }
  static void write(const std::string& path, const std::string& content) { std::ofstream{path} << content; }

  std::string import(Texts words = {}) {
    words.insert(words.end(), {"host-local", leases, "--results", results});
    test::Screen screen;
    status = vethctl::import_leases(vethctl::parse(vethctl::import_command(), words), screen.console(root), inspector);
    return screen.printed;
  }

  std::string leases = directory.path() + "/networks/net";
  std::string results = directory.path() + "/results";
  std::uint32_t next_index = 40;
  int status = -1;
};

TEST_F(Import, WritesALiveRecordWithTheExistingInterface) {
  attach("c1", {"10.1.2.4", "fd00::4"}, "veth0a1b2c3d");
  EXPECT_EQ(import(), "10.1.2.4, fd00::4 of c1/eth0: imported: host interface veth0a1b2c3d\n");
  EXPECT_EQ(status, vethctl::success);
  EXPECT_TRUE(is_live("c1"));
  EXPECT_EQ(record("c1"), (state::Record{.attachment = attachment("c1"),
                                         .netns = "/run/netns/c1",
                                         .addresses = {ip("10.1.2.4"), ip("fd00::4")},
                                         .host_interface = state::HostInterface{"veth0a1b2c3d", 40},
                                         .ends = {.host = 40}}));
  EXPECT_EQ(taken(), (Texts{"10.1.2.4", "fd00::4"}));
}

TEST_F(Import, IsRemovedByDel) {
  attach("c1", {"10.1.2.4"}, "veth1");
  import();
  verbs::del(request("c1"), kernel, root);
  expect_nothing_left();
}

TEST_F(Import, IsIdempotent) {
  attach("c1", {"10.1.2.4"}, "veth1");
  import();
  EXPECT_EQ(import(), "10.1.2.4 of c1/eth0: already imported\n");
  EXPECT_EQ(status, vethctl::success);
}

TEST_F(Import, CompletesAnImportThatWasKilled) {
  attach("c1", {"10.1.2.4", "fd00::4"}, "veth1");
  folder.records.write_pending({.attachment = attachment("c1"), .addresses = {ip("10.1.2.4")}});
  folder.addresses.take("net", ip("10.1.2.4"), tag("c1"));
  import();
  EXPECT_EQ(status, vethctl::success);
  EXPECT_TRUE(is_live("c1"));
  EXPECT_EQ(taken(), (Texts{"10.1.2.4", "fd00::4"}));
}

TEST_F(Import, ChangesNothingInADryRun) {
  attach("c1", {"10.1.2.4"}, "veth1");
  EXPECT_EQ(import({"--dry-run"}), "10.1.2.4 of c1/eth0: would be imported: host interface veth1\n");
  EXPECT_FALSE(has_record("c1"));
  EXPECT_EQ(taken(), Texts{});
}

TEST_F(Import, UsesTheGivenNetworkName) {
  attach("c1", {"10.1.2.4"}, "veth1");
  import({"--network", "other"});
  EXPECT_EQ(folder.addresses.list_addresses("other"), std::vector{ip("10.1.2.4")});
  EXPECT_FALSE(has_record("c1"));
}

TEST_F(Import, SkipsStaleContainersAndEmptyFiles) {
  attach("c1", {"10.1.2.4"}, "veth1");
  kernel.pairs.clear();
  write(leases + "/10.1.2.5", "");
  EXPECT_EQ(import(),
            "10.1.2.5: skipped: the file is empty\n"
            "10.1.2.4 of c1/eth0: skipped: its host interface is missing\n");
  EXPECT_EQ(status, vethctl::success);
  EXPECT_EQ(taken(), Texts{});
}

TEST_F(Import, ReportsConflictsAndLeasesNoneOfTheirAddresses) {
  add("other");  // holds 10.1.2.2 and fd00::2
  attach("c1", {"10.1.2.4", "fd00::2"}, "veth1");
  attach("c2", {"10.1.2.5"}, "veth2");
  EXPECT_EQ(import(),
            "10.1.2.4, fd00::2 of c1/eth0: not imported: fd00::2 is held by container \"other\", interface \"eth0\"\n"
            "10.1.2.5 of c2/eth0: imported: host interface veth2\n");
  EXPECT_EQ(status, vethctl::found_faults);
  EXPECT_FALSE(has_record("c1"));
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "10.1.2.5", "fd00::2"}));
}

TEST_F(Import, NeedsTheCachedResult) {
  attach("c1", {"10.1.2.4"}, "veth1");
  const auto cached = results + "/net-c1-eth0";
  std::filesystem::remove(cached);
  EXPECT_EQ(import(), "10.1.2.4 of c1/eth0: not imported: the cached result \"" + cached +
                          "\" is missing; set its folder with --results\n");
  write(cached, "junk");
  EXPECT_EQ(import(), "10.1.2.4 of c1/eth0: not imported: \"" + cached + "\" is not a cached result\n");
  EXPECT_EQ(status, vethctl::found_faults);
}

TEST_F(Import, RejectsInterfacesWithAForeignAlias) {
  attach("c1", {"10.1.2.4"}, "veth1");
  kernel.pairs.at(0).link.alias = "mine";
  EXPECT_EQ(import(), "10.1.2.4 of c1/eth0: not imported: interface veth1 has the alias \"mine\"\n");
  EXPECT_EQ(status, vethctl::found_faults);
}

TEST_F(Import, PrintsJson) {
  attach("c1", {"10.1.2.4"}, "veth1");
  EXPECT_EQ(
      import({"--output", "json"}),
      "{\n  \"dryRun\": false,\n  \"leases\": [\n    {\n      \"container\": \"c1\",\n      \"interface\": \"eth0\",\n"
      "      \"addresses\": [\n        \"10.1.2.4\"\n      ],\n      \"outcome\": \"imported\",\n"
      "      \"reason\": \"host interface veth1\"\n    }\n  ]\n}\n");
}

}  // namespace
