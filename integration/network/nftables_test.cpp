// The plugin's nftables tables: made once by concurrent first ADDs, listed and loaded by nft, emptied by DEL and GC in
// every state of a container. The tables of others are not changed.
#include "integration/support/nftables.hpp"

#include "integration/support/call.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/parallel.hpp"
#include "integration/support/sandbox.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"
#include "integration/support/strace.hpp"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

json mapping(int host_port, const std::string& protocol, const std::string& host_address = "") {
  return {{"hostPort", host_port}, {"containerPort", 80}, {"protocol", protocol}, {"hostIP", host_address}};
}

/// Masquerading and port mappings: elements in every set and map that mode ptp uses.
json ptp_with_rules() {
  auto config = in_mode("ptp");
  config["ipMasq"] = true;
  config["runtimeConfig"]["portMappings"] = {mapping(8080, "tcp"), mapping(8080, "udp"),
                                             mapping(8081, "tcp", "203.0.113.1"), mapping(8081, "udp", "2001:db8::1")};
  return config;
}

json masqueraded_network(const std::string& name, const std::string& subnet) {
  auto config = in_mode("ptp");
  config["name"] = name;
  config["ipMasq"] = true;
  config["ipam"] = veth_ipam({subnet});
  return config;
}

/// The same with the elements that only bridge ports have.
json bridge_with_rules() {
  auto config = ptp_with_rules();
  config.update(in_mode("bridge"));
  config["macspoofchk"] = true;
  return config;
}

/// Elements that masquerade all clients of a port.
json masquerading_all() {
  auto config = in_mode("ptp");
  config["masqAll"] = true;
  config["runtimeConfig"]["portMappings"] = {mapping(9090, "sctp")};
  return config;
}

std::set<std::string> filled_sets() {
  std::set<std::string> names;
  for (const auto& element : own_elements()) names.insert(element.set);
  return names;
}

void remove_interface(const Container& container) { run_ip(container.netns, {"link", "delete", container.interface}); }

class Nftables : public testing::Test {
 protected:
  void expect_no_elements(const std::string& when) const {
    const auto elements = own_elements();
    EXPECT_TRUE(elements.empty()) << when << ": " << elements.size() << ", one of them in " << elements.front().set;
  }

  Container a{"a"};
  Container b{"b"};
};

TEST_F(Nftables, AreLoadedFromTheirListingWithEverySetFilled) {
  const Container c{"c"};
  const auto added = add(a, bridge_with_rules());
  ASSERT_EQ(added.exit + add(c, masquerading_all()).exit, 0);
  const auto filled = filled_sets();
  for (const char* set : {"address_ports4", "address_ports6", "ports4", "ports6", "self4", "self6", "neighbours4",
                          "neighbours6", "everyone4", "everyone6", "checked_ports", "port_macs"})
    EXPECT_TRUE(filled.contains(set)) << set;
  const auto listing = nft({"list", "ruleset"});
  EXPECT_EQ(nft_errors(listing), "") << listing;
  nft({"flush", "ruleset"});
  load_ruleset(listing);
  EXPECT_EQ(nft({"list", "ruleset"}), listing);
  const auto checked = check(a, bridge_with_rules(), added.result);
  EXPECT_EQ(checked.exit, 0) << checked;
}

TEST_F(Nftables, AcceptNetworkNamesOfMaximumLength) {
  auto config = ptp_with_rules();
  config["name"] = std::string(200, 'n');
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(nft_errors(nft({"list", "ruleset"})), "");
  EXPECT_EQ(check(a, config, added.result).exit, 0);
  EXPECT_EQ(del(a, config).exit, 0);
  expect_no_elements("after DEL");
  EXPECT_EQ(gc(config, {}).exit, 0);
  EXPECT_EQ(own_rules(), "");
}

/// Containers of one network with a port each, all added at the same time.
class ConcurrentContainers {
 public:
  ConcurrentContainers(const std::string& name, std::size_t count) {
    for (std::size_t number = 0; number < count; ++number)
      containers_.push_back(Container{name + std::to_string(number)});
  }

  std::vector<Answer> add_all() const {
    std::vector<Answer> answers(containers_.size());
    in_parallel(answers.size(), answers.size(), [&](std::size_t number) {
      auto config = bridge_with_rules();
      config["runtimeConfig"]["portMappings"] = {mapping(9000 + static_cast<int>(number), "udp")};
      answers.at(number) = add(containers_.at(number), config);
    });
    return answers;
  }

 private:
  std::deque<Container> containers_;
};

/// Removes the chain `complete`: it exists only if several ADDs were the first at the same time.
std::string without_complete_chain(std::string rules) {
  const std::string chain = "\n\tchain complete {\n\t}\n";
  for (auto at = rules.find(chain); at != std::string::npos; at = rules.find(chain)) rules.erase(at, chain.size());
  return rules;
}

TEST_F(Nftables, AreMadeOnceByConcurrentFirstAdds) {
  ConcurrentContainers{"first", 1}.add_all();
  const auto wanted = without_complete_chain(own_rules());
  const auto elements_of_one = own_elements().size();
  for (const std::size_t many : {7U, 8U, 9U, 64U}) {
    nft({"flush", "ruleset"});
    std::filesystem::remove_all(state_root);
    const ConcurrentContainers containers{"of" + std::to_string(many) + "-", many};
    for (const auto& answer : containers.add_all()) EXPECT_EQ(answer.exit, 0) << answer;
    EXPECT_EQ(without_complete_chain(own_rules()), wanted) << many << " concurrent ADDs";
    EXPECT_EQ(own_elements().size(), many * elements_of_one);
  }
}

TEST_F(Nftables, AreCompletedByTheNextAddAfterAKilledRestore) {
  const Container c{"c"};
  const auto config = masqueraded_network("net", "10.1.2.0/24");
  ASSERT_EQ(add(a, config).exit, 0);
  nft({"flush", "ruleset"});
  ASSERT_EQ(add(b, config).exit, 0);
  ASSERT_EQ(own_sets_with("10.1.2.2").size(), 1U);
  nft({"delete", "chain", "inet", "veth_cni", "complete"});
  nft({"flush", "set", "inet", "veth_cni", own_sets_with("10.1.2.2").at(0)});
  ASSERT_EQ(add(c, config).exit, 0);
  EXPECT_EQ(own_sets_with("10.1.2.2").size(), 1U);
}

TEST_F(Nftables, AreRestoredForNetworksWithAnotherDataDir) {
  const Container c{"c"};
  auto config_with_other_data_dir = masqueraded_network("other", "10.9.9.0/24");
  config_with_other_data_dir["ipam"]["dataDir"] = "/run/other";
  ASSERT_EQ(add(a, config_with_other_data_dir).exit + add(b, masqueraded_network("net", "10.1.2.0/24")).exit, 0);
  for (const char* address : {"10.9.9.2", "10.1.2.2"}) {
    nft({"flush", "ruleset"});
    // The ADD is made in the network whose rules are not checked.
    const bool use_other_data_dir = address == std::string{"10.1.2.2"};
    const auto config = use_other_data_dir ? config_with_other_data_dir : masqueraded_network("net", "10.1.2.0/24");
    ASSERT_EQ(add(c, config).exit, 0);
    EXPECT_EQ(own_sets_with(address).size(), 1U) << address;
    ASSERT_EQ(del(c, config).exit, 0);
  }
}

TEST_F(Nftables, SingleAddressSubnetsShareOneChain) {
  auto config = masqueraded_network("net", "10.1.2.2/32");
  ASSERT_EQ(add(a, config).exit, 0);
  const auto rules = own_rules();
  config["ipam"] = veth_ipam({"10.1.2.3/32"});
  ASSERT_EQ(add(b, config).exit, 0);
  EXPECT_EQ(own_rules(), rules);
}

/// An object that is missing when DEL is called.
struct MissingObject {
  std::string name;
  void (*remove)(Container& container);
  bool has_ports = false;  ///< the configuration of DEL contains runtimeConfig and prevResult
};

const std::vector<MissingObject> missing_objects{
    {"nothing", [](Container&) {}, true},
    {"namespace", [](Container& container) { container.netns.remove(); }},
    {"interface", [](Container& container) { remove_interface(container); }},
    {"state folder", [](Container&) { std::filesystem::remove_all(state_root); }},
    {"all of them", [](Container& container) {
       container.netns.remove();
       std::filesystem::remove_all(state_root);
     }}};

TEST_F(Nftables, AreEmptiedByDelIfObjectsAreMissing) {
  for (const auto& [name, remove, has_ports] : missing_objects) {
    Container container{"c"};
    auto config = bridge_with_rules();
    const auto added = add(container, config);
    ASSERT_EQ(added.exit, 0) << added;
    EXPECT_GT(own_elements().size(), 10U);
    remove(container);
    if (has_ports) config["prevResult"] = added.result;
    if (!has_ports) config.erase("runtimeConfig");
    const auto deleted = call({.command = "DEL", .container = "c", .config = config});
    EXPECT_EQ(deleted.exit, 0) << name << deleted;
    expect_no_elements("without " + name);
  }
}

TEST_F(Nftables, KeepTheElementsOfOthersWhenOneIsDeletedByItsTag) {
  ASSERT_EQ(add(a, ptp_with_rules()).exit, 0);
  auto other = ptp_with_rules();
  other["name"] = "other";
  other["ipam"] = veth_ipam({"10.9.9.0/24"});
  other["runtimeConfig"].erase("portMappings");
  ASSERT_EQ(add(b, other).exit, 0);
  std::filesystem::remove_all(state_root);
  EXPECT_EQ(del(a, in_mode("ptp")).exit, 0);
  EXPECT_EQ(own_elements().size(), 2U) << "the address of b, and its owner element";
  EXPECT_EQ(own_sets_with("10.9.9.2").size(), 1U);
}

TEST_F(Nftables, GcRemovesOnlyStaleElements) {
  auto others = ptp_with_rules();
  others["runtimeConfig"].erase("portMappings");
  ASSERT_EQ(add(a, ptp_with_rules()).exit + add(b, others).exit, 0);
  const auto count = own_elements().size();
  EXPECT_EQ(gc(ptp_with_rules(), {{"a"}, {"b"}}).exit, 0);
  EXPECT_EQ(own_elements().size(), count);
  EXPECT_EQ(gc(ptp_with_rules(), {{"b"}}).exit, 0);
  EXPECT_EQ(own_elements().size(), 3U) << "the two addresses of b, and its owner element";
}

TEST_F(Nftables, GcRemovesStaleElementsWithoutARecord) {
  ASSERT_EQ(add(a, ptp_with_rules()).exit, 0);
  remove_interface(a);
  std::filesystem::remove_all(state_root);
  EXPECT_EQ(gc(ptp_with_rules(), {{"b"}}).exit, 0);
  expect_no_elements("after GC");
}

TEST_F(Nftables, AreRemovedByGcWithTheLastAttachment) {
  auto other = ptp_with_rules();
  other["name"] = "other";
  other["ipam"] = veth_ipam({"10.9.9.0/24"});
  other["runtimeConfig"].erase("portMappings");
  ASSERT_EQ(add(a, bridge_with_rules()).exit + add(b, other).exit, 0);
  EXPECT_EQ(gc(bridge_with_rules(), {}).exit, 0);
  EXPECT_EQ(own_rules().find("masquerade-net-"), std::string::npos) << "the network's own chains and sets";
  EXPECT_EQ(own_sets_with("10.9.9.2").size(), 1U) << "the elements of another network";
  EXPECT_EQ(gc(other, {}).exit, 0);
  EXPECT_EQ(own_rules(), "");
}

TEST_F(Nftables, ReclaimRemovesTheElementsOfTheAddress) {
  auto config = ptp_with_rules();
  config["ipam"] = veth_ipam({"10.1.2.0/30"});
  config["runtimeConfig"]["portMappings"] = {mapping(8080, "tcp")};
  ASSERT_EQ(add(a, config).exit, 0);
  remove_interface(a);
  config["runtimeConfig"].erase("portMappings");
  const auto added = add(b, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(address_of(added.result, 4), "10.1.2.2");
  EXPECT_EQ(own_elements().size(), 2U) << "the address of b, and its owner element";
}

/// The output of `nft list ruleset` on a node with a container that has port 8080, as administrators save it.
std::string saved_ruleset() {
  auto config = ptp_with_rules();
  config["runtimeConfig"]["portMappings"] = {mapping(8080, "tcp")};
  const Container a{"a"};
  EXPECT_EQ(add(a, config).exit, 0);
  auto listing = nft({"list", "ruleset"});
  EXPECT_FALSE(own_sets_with("8080").empty());
  EXPECT_EQ(del(a, config).exit, 0);
  return listing;
}

/// The table of an earlier boot, loaded again after a reboot.
class NftablesOfAnEarlierBoot : public testing::Test {
 protected:
  void SetUp() override {
    const auto saved = saved_ruleset();
    make_node();
    load_ruleset(saved);
    ASSERT_FALSE(own_sets_with("8080").empty());
  }
  json with_port(int port) const {
    auto config = ptp_with_rules();
    config["runtimeConfig"]["portMappings"] = {mapping(port, "tcp")};
    return config;
  }
};

TEST_F(NftablesOfAnEarlierBoot, AreRemovedByTheFirstAdd) {
  const Container b{"b"};
  auto config = ptp_with_rules();
  config.erase("runtimeConfig");
  const auto added = add(b, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(address_of(added.result, 4), "10.1.2.2") << "the address that had the port";
  EXPECT_TRUE(own_sets_with("8080").empty());
  EXPECT_EQ(del(b, config).exit, 0);
}

TEST_F(NftablesOfAnEarlierBoot, AreReplacedByTheFirstAddWithRules) {
  const Container b{"b"};
  const auto added = add(b, with_port(9090));
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_TRUE(own_sets_with("8080").empty());
  EXPECT_FALSE(own_sets_with("9090").empty());
  EXPECT_EQ(check(b, with_port(9090), added.result).exit, 0);
  EXPECT_EQ(del(b, with_port(9090)).exit, 0);
  EXPECT_TRUE(own_elements().empty());
}

TEST_F(NftablesOfAnEarlierBoot, DoNotReserveTheirPorts) {
  const Container b{"b"};
  const auto added = add(b, with_port(8080));
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_EQ(check(b, with_port(8080), added.result).exit, 0);
}

TEST_F(NftablesOfAnEarlierBoot, AreReportedByCheckAndRemovedByGc) {
  const auto found = vethctl({"check", "--conf-dir", "/run/test"});
  EXPECT_EQ(found.exit, 1) << found.out;
  const auto planned = vethctl({"gc", "--dry-run"});
  EXPECT_NE(planned.out.find("would remove"), std::string::npos) << planned.out;
  const auto collected = vethctl({"gc"});
  EXPECT_EQ(collected.exit, 0) << collected.out << collected.err;
  EXPECT_TRUE(own_elements().empty());
  EXPECT_EQ(vethctl({"check", "--conf-dir", "/run/test"}).exit, 0);
}

TEST_F(NftablesOfAnEarlierBoot, AreRemovedByRepair) {
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
  EXPECT_TRUE(own_elements().empty()) << repaired.out;
}

/// Elements are stale only if no end of their attachment exists, even if the alias of an end was changed.
TEST_F(Nftables, ElementsAreKeptIfTheAliasWasChangedAndTheRecordIsMissing) {
  auto config = ptp_with_rules();
  config["runtimeConfig"]["portMappings"] = {mapping(8080, "tcp")};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto all = own_elements().size();
  run_ip(Namespace::host(), {"link", "set", host_interface_of(added.result), "alias", "rack 7"});
  std::filesystem::remove_all(state_root);
  vethctl({"gc"});
  vethctl({"repair"});
  EXPECT_EQ(own_elements().size(), all);
  EXPECT_EQ(del(a, config).exit, 0);
  expect_no_elements("after DEL");
}

Call add_call(const Container& container, const json& config) {
  return {.command = "ADD", .container = container.id, .netns = container.netns.path(), .config = config};
}

TEST_F(Nftables, NeedNoOtherProgram) {
  Call call = add_call(a, bridge_with_rules());
  call.config["cni.dev/valid-attachments"] = {{{"containerID", "a"}, {"ifname", "eth0"}}};
  for (const char* command : {"STATUS", "ADD", "CHECK", "GC", "DEL", "VERSION"}) {
    call.command = command;
    const auto traced = trace_programs(call);
    EXPECT_EQ(traced.answer.exit, 0) << command << traced.answer;
    EXPECT_EQ(traced.programs, std::vector{executables() + "/veth"}) << command;
    if (call.command == "ADD") call.config["prevResult"] = traced.answer.result;
  }
}

TEST_F(Nftables, ForeignTablesAreNotChanged) {
  for (const char* sample : {"firewalld", "docker", "kube-proxy"})
    load_ruleset(read_text(std::string{VETH_SOURCE_DIR "/integration/samples/"} + sample + ".nft"));
  const auto before = foreign_tables();
  ASSERT_NE(before.find("DOCKER-USER"), std::string::npos);
  const auto expect_unchanged = [&](const Answer& answer, const char* verb) {
    EXPECT_EQ(answer.exit, 0) << verb << answer;
    EXPECT_EQ(foreign_tables(), before) << verb;
  };
  const auto added = add(a, bridge_with_rules());
  expect_unchanged(added, "ADD");
  expect_unchanged(check(a, bridge_with_rules(), added.result), "CHECK");
  expect_unchanged(call({.command = "STATUS", .interface = "", .config = bridge_with_rules()}), "STATUS");
  expect_unchanged(gc(bridge_with_rules(), {{"a"}}), "GC");
  expect_unchanged(del(a, bridge_with_rules()), "DEL");
  expect_unchanged(gc(bridge_with_rules(), {}), "GC without valid attachments");
  EXPECT_EQ(own_rules(), "");
}

}  // namespace
