// Our tables: made once however many come first, read and taken back by nft, emptied whatever is left of a container,
// and nobody else's.
#include "integration/support/nftables.hpp"

#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/parallel.hpp"
#include "integration/support/sandbox.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/strace.hpp"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

json mapping(int host_port, const std::string& protocol, const std::string& host_address = "") {
  return {{"hostPort", host_port}, {"containerPort", 80}, {"protocol", protocol}, {"hostIP", host_address}};
}

/// Masquerade and ports: elements of every set and map that routed containers have.
json routed() {
  auto config = in_mode("ptp");
  config["ipMasq"] = true;
  config["runtimeConfig"]["portMappings"] = {mapping(8080, "tcp"), mapping(8080, "udp"),
                                             mapping(8081, "tcp", "203.0.113.1"), mapping(8081, "udp", "2001:db8::1")};
  return config;
}

json masqueraded(const std::string& name, const std::string& subnet) {
  auto config = in_mode("ptp");
  config["name"] = name;
  config["ipMasq"] = true;
  config["ipam"] = veth_ipam({subnet});
  return config;
}

/// And those that only ports of a bridge have.
json ruled_bridge() {
  auto config = routed();
  config.update(in_mode("bridge"));
  config["macspoofchk"] = true;
  return config;
}

/// And those of clients that are all hidden.
json hiding() {
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

void remove_interface(const Container& container) {
  change_ip(container.netns, {"link", "delete", container.interface});
}

class Nftables : public testing::Test {
 protected:
  void expect_no_elements(const std::string& when) const {
    const auto elements = own_elements();
    EXPECT_TRUE(elements.empty()) << when << ": " << elements.size() << ", as one of " << elements.front().set;
  }

  Container a{"a"};
  Container b{"b"};
};

TEST_F(Nftables, AreTakenBackByNftWithEverySetFilled) {
  const Container c{"c"};
  const auto added = add(a, ruled_bridge());
  ASSERT_EQ(added.exit + add(c, hiding()).exit, 0);
  const auto filled = filled_sets();
  for (const char* set : {"address_ports4", "address_ports6", "ports4", "ports6", "self4", "self6", "neighbours4",
                          "neighbours6", "everyone4", "everyone6", "checked_ports", "port_macs"})
    EXPECT_TRUE(filled.contains(set)) << set;
  const auto listing = nft({"list", "ruleset"});
  EXPECT_EQ(complaint_about(listing), "") << listing;
  nft({"flush", "ruleset"});
  load_ruleset(listing);
  EXPECT_EQ(nft({"list", "ruleset"}), listing);
  const auto checked = check(a, ruled_bridge(), added.result);
  EXPECT_EQ(checked.exit, 0) << checked;
}

TEST_F(Nftables, TakeNamesOfNetworksAsLongAsTheyMayBe) {
  auto config = routed();
  config["name"] = std::string(200, 'n');
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(complaint_about(nft({"list", "ruleset"})), "");
  EXPECT_EQ(check(a, config, added.result).exit, 0);
  EXPECT_EQ(del(a, config).exit, 0);
  expect_no_elements("after DEL");
  EXPECT_EQ(collect(config, {}).exit, 0);
  EXPECT_EQ(own_rules(), "");
}

/// Containers of one network with a port each, all added at once.
class Crowd {
 public:
  Crowd(const std::string& name, std::size_t count) {
    for (std::size_t number = 0; number < count; ++number)
      containers_.push_back(Container{name + std::to_string(number)});
  }

  std::vector<Answer> add_all() const {
    std::vector<Answer> answers(containers_.size());
    in_parallel(answers.size(), answers.size(), [&](std::size_t number) {
      auto config = ruled_bridge();
      config["runtimeConfig"]["portMappings"] = {mapping(9000 + static_cast<int>(number), "udp")};
      answers.at(number) = add(containers_.at(number), config);
    });
    return answers;
  }

 private:
  std::deque<Container> containers_;
};

/// While several are in flight at the first ADD, a later one says that all is there.
std::string without_marks(std::string rules) {
  const std::string mark = "\n\tchain complete {\n\t}\n";
  for (auto at = rules.find(mark); at != std::string::npos; at = rules.find(mark)) rules.erase(at, mark.size());
  return rules;
}

TEST_F(Nftables, AreMadeOnceByManyFirstAddsAtOnce) {
  Crowd{"alone", 1}.add_all();
  const auto wanted = without_marks(own_rules());
  const auto share = own_elements().size();
  for (const std::size_t many : {7U, 8U, 9U, 64U}) {
    nft({"flush", "ruleset"});
    std::filesystem::remove_all("/run/veth-cni");
    const Crowd crowd{"of" + std::to_string(many) + "-", many};
    for (const auto& answer : crowd.add_all()) EXPECT_EQ(answer.exit, 0) << answer;
    EXPECT_EQ(without_marks(own_rules()), wanted) << many << " at once";
    EXPECT_EQ(own_elements().size(), many * share);
  }
}

TEST_F(Nftables, AreMadeWholeByTheNextAddWhereOneWasKilledWhileItPutThemBack) {
  const Container c{"c"};
  const auto config = masqueraded("net", "10.1.2.0/24");
  ASSERT_EQ(add(a, config).exit, 0);
  nft({"flush", "ruleset"});
  ASSERT_EQ(add(b, config).exit, 0);
  ASSERT_EQ(own_sets_with("10.1.2.2").size(), 1U);
  nft({"delete", "chain", "inet", "veth_cni", "complete"});
  nft({"flush", "set", "inet", "veth_cni", own_sets_with("10.1.2.2").at(0)});
  ASSERT_EQ(add(c, config).exit, 0);
  EXPECT_EQ(own_sets_with("10.1.2.2").size(), 1U);
}

TEST_F(Nftables, OfNetworksWithFoldersOfTheirOwnArePutBack) {
  const Container c{"c"};
  auto elsewhere = masqueraded("other", "10.9.9.0/24");
  elsewhere["ipam"]["dataDir"] = "/run/other";
  ASSERT_EQ(add(a, elsewhere).exit + add(b, masqueraded("net", "10.1.2.0/24")).exit, 0);
  for (const char* address : {"10.9.9.2", "10.1.2.2"}) {
    nft({"flush", "ruleset"});
    const bool is_elsewhere = address == std::string{"10.1.2.2"};
    const auto config = is_elsewhere ? elsewhere : masqueraded("net", "10.1.2.0/24");
    ASSERT_EQ(add(c, config).exit, 0);
    EXPECT_EQ(own_sets_with(address).size(), 1U) << address;
    ASSERT_EQ(del(c, config).exit, 0);
  }
}

TEST_F(Nftables, OfSingleAddressesShareAChain) {
  auto config = masqueraded("net", "10.1.2.2/32");
  ASSERT_EQ(add(a, config).exit, 0);
  const auto rules = own_rules();
  config["ipam"] = veth_ipam({"10.1.2.3/32"});
  ASSERT_EQ(add(b, config).exit, 0);
  EXPECT_EQ(own_rules(), rules);
}

/// What happened to a container, and what is left for DEL to go by.
struct Loss {
  std::string name;
  void (*befall)(Container& container);
  bool knows_ports = false;  ///< runtimeConfig is there, and prevResult
};

const std::vector<Loss> losses{{"nothing", [](Container&) {}, true},
                               {"namespace", [](Container& container) { container.netns.remove(); }},
                               {"interface", [](Container& container) { remove_interface(container); }},
                               {"state folder", [](Container&) { std::filesystem::remove_all("/run/veth-cni"); }},
                               {"all of them", [](Container& container) {
                                  container.netns.remove();
                                  std::filesystem::remove_all("/run/veth-cni");
                                }}};

TEST_F(Nftables, AreEmptiedByDelWhateverIsLost) {
  for (const auto& [name, befall, knows_ports] : losses) {
    Container container{"lost"};
    auto config = ruled_bridge();
    const auto added = add(container, config);
    ASSERT_EQ(added.exit, 0) << added;
    EXPECT_GT(own_elements().size(), 10U);
    befall(container);
    if (knows_ports) config["prevResult"] = added.result;
    if (!knows_ports) config.erase("runtimeConfig");
    const auto deleted = call({.command = "DEL", .container = "lost", .config = config});
    EXPECT_EQ(deleted.exit, 0) << name << deleted;
    expect_no_elements("without " + name);
  }
}

TEST_F(Nftables, KeepWhatIsOthersWhenOneIsDeletedByItsTag) {
  ASSERT_EQ(add(a, routed()).exit, 0);
  auto other = routed();
  other["name"] = "other";
  other["ipam"] = veth_ipam({"10.9.9.0/24"});
  other["runtimeConfig"].erase("portMappings");
  ASSERT_EQ(add(b, other).exit, 0);
  std::filesystem::remove_all("/run/veth-cni");
  EXPECT_EQ(del(a, in_mode("ptp")).exit, 0);
  EXPECT_EQ(own_elements().size(), 2U) << "the address of b, and that it has any";
  EXPECT_EQ(own_sets_with("10.9.9.2").size(), 1U);
}

TEST_F(Nftables, AreClearedByGcOfWhatIsStaleAlone) {
  auto others = routed();
  others["runtimeConfig"].erase("portMappings");
  ASSERT_EQ(add(a, routed()).exit + add(b, others).exit, 0);
  const auto count = own_elements().size();
  EXPECT_EQ(collect(routed(), {{"a"}, {"b"}}).exit, 0);
  EXPECT_EQ(own_elements().size(), count);
  EXPECT_EQ(collect(routed(), {{"b"}}).exit, 0);
  EXPECT_EQ(own_elements().size(), 3U) << "the two addresses of b, and that it has any";
}

TEST_F(Nftables, AreClearedByGcWithoutAnyRecord) {
  ASSERT_EQ(add(a, routed()).exit, 0);
  remove_interface(a);
  std::filesystem::remove_all("/run/veth-cni");
  EXPECT_EQ(collect(routed(), {{"b"}}).exit, 0);
  expect_no_elements("after GC");
}

TEST_F(Nftables, AreRemovedByGcWhenNobodyIsLeft) {
  auto other = routed();
  other["name"] = "other";
  other["ipam"] = veth_ipam({"10.9.9.0/24"});
  other["runtimeConfig"].erase("portMappings");
  ASSERT_EQ(add(a, ruled_bridge()).exit + add(b, other).exit, 0);
  EXPECT_EQ(collect(ruled_bridge(), {}).exit, 0);
  EXPECT_EQ(own_rules().find("masquerade-net-"), std::string::npos) << "the network's own chains and sets";
  EXPECT_EQ(own_sets_with("10.9.9.2").size(), 1U) << "what another network has";
  EXPECT_EQ(collect(other, {}).exit, 0);
  EXPECT_EQ(own_rules(), "");
}

TEST_F(Nftables, LoseTheElementsOfWhoseAddressAFullRangeTakesBack) {
  auto config = routed();
  config["ipam"] = veth_ipam({"10.1.2.0/30"});
  config["runtimeConfig"]["portMappings"] = {mapping(8080, "tcp")};
  ASSERT_EQ(add(a, config).exit, 0);
  remove_interface(a);
  config["runtimeConfig"].erase("portMappings");
  const auto added = add(b, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(address_of(added.result, 4), "10.1.2.2");
  EXPECT_EQ(own_elements().size(), 2U) << "the address of b, and that it has any";
}

/// What `nft list ruleset` printed of a node with a container that has port 8080, as administrators save it.
std::string saved_ruleset() {
  auto config = routed();
  config["runtimeConfig"]["portMappings"] = {mapping(8080, "tcp")};
  const Container a{"a"};
  EXPECT_EQ(add(a, config).exit, 0);
  auto listing = nft({"list", "ruleset"});
  EXPECT_FALSE(own_sets_with("8080").empty());
  EXPECT_EQ(del(a, config).exit, 0);
  return listing;
}

/// The table of a node's earlier life, loaded again after a reboot.
class NftablesOfAnEarlierLife : public testing::Test {
 protected:
  void SetUp() override {
    const auto saved = saved_ruleset();
    make_node();
    load_ruleset(saved);
    ASSERT_FALSE(own_sets_with("8080").empty());
  }
  json with_port(int port) const {
    auto config = routed();
    config["runtimeConfig"]["portMappings"] = {mapping(port, "tcp")};
    return config;
  }
};

TEST_F(NftablesOfAnEarlierLife, AreDroppedByTheFirstAdd) {
  const Container b{"b"};
  auto config = routed();
  config.erase("runtimeConfig");
  const auto added = add(b, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(address_of(added.result, 4), "10.1.2.2") << "the one that had the port";
  EXPECT_TRUE(own_sets_with("8080").empty());
  EXPECT_EQ(del(b, config).exit, 0);
}

TEST_F(NftablesOfAnEarlierLife, AreDroppedByTheFirstAddWithRules) {
  const Container b{"b"};
  const auto added = add(b, with_port(9090));
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_TRUE(own_sets_with("8080").empty());
  EXPECT_FALSE(own_sets_with("9090").empty());
  EXPECT_EQ(check(b, with_port(9090), added.result).exit, 0);
  EXPECT_EQ(del(b, with_port(9090)).exit, 0);
  EXPECT_TRUE(own_elements().empty());
}

TEST_F(NftablesOfAnEarlierLife, KeepNoPortFromOthers) {
  const Container b{"b"};
  const auto added = add(b, with_port(8080));
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_EQ(check(b, with_port(8080), added.result).exit, 0);
}

TEST_F(NftablesOfAnEarlierLife, AreReportedBeforeThatAndRemovedByGc) {
  const auto found = vethctl({"check", "--conf-dir", "/run/test"});
  EXPECT_EQ(found.exit, 1) << found.out;
  const auto planned = vethctl({"gc", "--dry-run"});
  EXPECT_NE(planned.out.find("would drop"), std::string::npos) << planned.out;
  const auto collected = vethctl({"gc"});
  EXPECT_EQ(collected.exit, 0) << collected.out << collected.err;
  EXPECT_TRUE(own_elements().empty());
  EXPECT_EQ(vethctl({"check", "--conf-dir", "/run/test"}).exit, 0);
}

TEST_F(NftablesOfAnEarlierLife, AreRemovedByRepair) {
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
  EXPECT_TRUE(own_elements().empty()) << repaired.out;
}

/// Elements have no owner only where no end of one exists, whatever its alias is.
TEST_F(Nftables, OfALinkWithAnotherAliasAreKeptWithoutARecord) {
  auto config = routed();
  config["runtimeConfig"]["portMappings"] = {mapping(8080, "tcp")};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto all = own_elements().size();
  change_ip(Namespace::host(), {"link", "set", host_interface_of(added.result), "alias", "rack 7"});
  std::filesystem::remove_all("/run/veth-cni");
  vethctl({"gc"});
  vethctl({"repair"});
  EXPECT_EQ(own_elements().size(), all);
  EXPECT_EQ(del(a, config).exit, 0);
  expect_no_elements("after DEL");
}

Call add_call(const Container& container, const json& config) {
  return {.command = "ADD", .container = container.id, .netns = container.netns.path(), .config = config};
}

TEST_F(Nftables, NeedNoProgram) {
  Call call = add_call(a, ruled_bridge());
  call.config["cni.dev/valid-attachments"] = {{{"containerID", "a"}, {"ifname", "eth0"}}};
  for (const char* command : {"STATUS", "ADD", "CHECK", "GC", "DEL", "VERSION"}) {
    call.command = command;
    const auto traced = trace_programs(call);
    EXPECT_EQ(traced.answer.exit, 0) << command << traced.answer;
    EXPECT_EQ(traced.programs, std::vector{executables() + "/veth"}) << command;
    if (call.command == "ADD") call.config["prevResult"] = traced.answer.result;
  }
}

std::string content_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

TEST_F(Nftables, OfOthersAreLeftAsTheyAre) {
  for (const char* sample : {"firewalld", "docker", "kube-proxy"})
    load_ruleset(content_of(std::filesystem::path{VETH_SOURCE_DIR "/integration/samples"} / sample += ".nft"));
  const auto before = foreign_tables();
  ASSERT_NE(before.find("DOCKER-USER"), std::string::npos);
  const auto expect_unchanged = [&](const Answer& answer, const char* verb) {
    EXPECT_EQ(answer.exit, 0) << verb << answer;
    EXPECT_EQ(foreign_tables(), before) << verb;
  };
  const auto added = add(a, ruled_bridge());
  expect_unchanged(added, "ADD");
  expect_unchanged(check(a, ruled_bridge(), added.result), "CHECK");
  expect_unchanged(call({.command = "STATUS", .interface = "", .config = ruled_bridge()}), "STATUS");
  expect_unchanged(collect(ruled_bridge(), {{"a"}}), "GC");
  expect_unchanged(del(a, ruled_bridge()), "DEL");
  expect_unchanged(collect(ruled_bridge(), {}), "GC with nobody valid");
  EXPECT_EQ(own_rules(), "");
}

}  // namespace
