// The plugin's tables after a reboot with saved rules, after a DEL that was killed, and when the ruleset is flushed
// during a call.
#include "integration/support/call.hpp"
#include "integration/support/fault.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/nftables.hpp"
#include "integration/support/parallel.hpp"
#include "integration/support/state_folder.hpp"
#include "integration/support/sysctl.hpp"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

json with_host_ports_from(json config, int first, int count) {
  for (int port = first; port < first + count; ++port) {
    config["runtimeConfig"]["portMappings"].push_back({{"hostPort", port}, {"containerPort", 80}, {"protocol", "tcp"}});
  }
  return config;
}

json masqueraded_ptp() {
  auto config = in_mode("ptp");
  config["ipMasq"] = true;
  return config;
}

json bridge_with_spoof_check() {
  auto config = in_mode("bridge");
  config["ipMasq"] = true;
  config["macspoofchk"] = true;
  return config;
}

json another_network() {
  auto config = masqueraded_ptp();
  config["name"] = "other";
  config["ipam"] = veth_ipam({"10.9.9.0/24"});
  return config;
}

/// The boot ID and the cookie of the network namespace, joined with '-': the comment of the first chain of each table.
std::string node_instance() { return std::filesystem::path{state_folder()}.filename(); }

std::string replaced(std::string text, const std::string& part, const std::string& by) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + by.size())) {
    text.replace(at, part.size(), by);
  }
  return text;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

void replace_ruleset(const std::string& listing) {
  nft({"flush", "ruleset"});
  load_ruleset(listing);
}

/// The number of attachments that have elements.
std::size_t count_owners() {
  std::vector<std::string> comments;
  for (const auto& element : own_elements()) comments.push_back(element.comment);
  std::ranges::sort(comments);
  return static_cast<std::size_t>(std::unique(comments.begin(), comments.end()) - comments.begin());
}

class RulesetTables : public testing::Test {
 protected:
  /// Simulates a reboot of a node that loads its saved rules again: the containers and the state no longer exist.
  void reboot() {
    const auto listing = replaced(nft({"list", "ruleset"}), node_instance(), "00000000-0000-0000-0000-000000000000-1");
    EXPECT_EQ(del(a, masqueraded_ptp()).exit, 0);
    std::filesystem::remove_all(state_root);
    replace_ruleset(listing);
  }

  Container a{"a"};
  Container b{"b"};
};

using TablesOfAnEarlierBoot = RulesetTables;

TEST_F(RulesetTables, ContainTheNodeInstanceInTheFirstChain) {
  ASSERT_EQ(add(a, with_host_ports_from(bridge_with_spoof_check(), 8080, 1)).exit, 0);
  EXPECT_EQ(count_of(own_rules(), "comment \"" + node_instance() + '"'), 2U) << own_rules();
}

TEST_F(TablesOfAnEarlierBoot, AreDeletedByAnAddWithoutRules) {
  ASSERT_EQ(add(a, with_host_ports_from(masqueraded_ptp(), 8080, 1)).exit, 0);
  reboot();
  ASSERT_EQ(count_owners(), 1U);
  ASSERT_EQ(add(b, in_mode("ptp")).exit, 0);
  EXPECT_EQ(count_owners(), 0U) << own_rules();
  EXPECT_EQ(del(b, in_mode("ptp")).exit, 0);
}

TEST_F(TablesOfAnEarlierBoot, AreReplacedByAnAddWithRules) {
  ASSERT_EQ(add(a, with_host_ports_from(masqueraded_ptp(), 8080, 2)).exit, 0);
  reboot();
  ASSERT_FALSE(own_elements().empty());
  const auto added = add(b, another_network());
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(own_elements().size(), 2U) << "the address of b, and its owner element";
  EXPECT_EQ(count_of(own_rules(), node_instance()), 1U) << own_rules();
}

TEST_F(TablesOfAnEarlierBoot, AreReplacedInBothFamiliesByOneAdd) {
  ASSERT_EQ(add(a, with_host_ports_from(bridge_with_spoof_check(), 8080, 1)).exit, 0);
  reboot();
  ASSERT_EQ(add(b, masqueraded_ptp()).exit, 0);
  EXPECT_EQ(count_owners(), 1U);
  for (const auto& element : own_elements()) EXPECT_NE(element.family, "bridge") << element.set;
}

TEST_F(TablesOfAnEarlierBoot, DoNotReserveHostPorts) {
  const auto config = with_host_ports_from(masqueraded_ptp(), 8080, 1);
  ASSERT_EQ(add(a, config).exit, 0);
  reboot();
  const auto added = add(b, config);
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_EQ(count_owners(), 1U);
}

TEST_F(RulesetTables, AreKeptIfSavedInTheSameBoot) {
  ASSERT_EQ(add(a, with_host_ports_from(bridge_with_spoof_check(), 8080, 1)).exit, 0);
  const auto elements = own_elements().size();
  replace_ruleset(nft({"list", "ruleset"}));
  ASSERT_EQ(add(b, another_network()).exit, 0);
  EXPECT_EQ(own_elements().size(), elements + 2);
}

TEST_F(RulesetTables, AreRestoredFromRecordsIfTheNodeInstanceIsMissing) {
  const auto config = with_host_ports_from(bridge_with_spoof_check(), 8080, 2);
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0);
  const auto elements = own_elements().size();
  replace_ruleset(replaced(nft({"list", "ruleset"}), "comment \"" + node_instance() + '"', ""));
  ASSERT_EQ(count_of(own_rules(), node_instance()), 0U);
  ASSERT_EQ(add(b, another_network()).exit, 0);
  EXPECT_EQ(own_elements().size(), elements + 2);
  EXPECT_EQ(count_of(own_rules(), node_instance()), 2U) << own_rules();
  EXPECT_EQ(check(a, config, added.result).exit, 0);
}

TEST_F(TablesOfAnEarlierBoot, AreReplacedOnceByConcurrentAdds) {
  constexpr std::size_t many = 24;
  std::deque<Container> containers;
  for (std::size_t number = 0; number < many; ++number) containers.push_back(Container{"c" + std::to_string(number)});
  ASSERT_EQ(add(a, with_host_ports_from(masqueraded_ptp(), 8080, 1)).exit, 0);
  reboot();
  std::vector<Answer> answers(many);
  in_parallel(many, many, [&](std::size_t number) {
    answers[number] =
        add(containers[number], with_host_ports_from(masqueraded_ptp(), 9000 + static_cast<int>(number), 1));
  });
  for (const auto& answer : answers) EXPECT_EQ(answer.exit, 0) << answer;
  EXPECT_EQ(count_owners(), many);
}

// DEL removes the owner element last, so that the elements that a killed DEL leaves still have an owner.
TEST_F(RulesetTables, DoNotKeepElementsAfterAKilledDel) {
  ASSERT_EQ(add(a, with_host_ports_from(masqueraded_ptp(), 9000, 300)).exit, 0);
  const auto all = own_elements().size();
  ASSERT_GT(all, 300U);
  std::filesystem::remove_all(state_root);
  const Call deletion{.command = "DEL", .container = "a", .netns = a.netns.path(), .config = masqueraded_ptp()};
  bool was_partly_removed = false;
  for (Fault fault; call_with_fault(fault, deletion).was_reached; ++fault.number) {
    const auto elements = own_elements();
    was_partly_removed = was_partly_removed || (!elements.empty() && elements.size() < all);
    EXPECT_EQ(std::ranges::count(elements, "owners", &Element::set), elements.empty() ? 0 : 1) << fault.number;
  }
  EXPECT_TRUE(was_partly_removed);
  EXPECT_TRUE(own_elements().empty()) << own_elements().size();
}

TEST_F(RulesetTables, DoNotKeepElementsWithoutAnOwnerElement) {
  ASSERT_EQ(add(a, with_host_ports_from(bridge_with_spoof_check(), 8080, 3)).exit + add(b, another_network()).exit, 0);
  std::filesystem::remove_all(state_root);
  nft({"flush", "set", "inet", "veth_cni", "owners"});
  nft({"flush", "set", "bridge", "veth_cni", "owners"});
  EXPECT_EQ(del(a, bridge_with_spoof_check()).exit, 0);
  EXPECT_EQ(own_elements().size(), 1U) << "the address of b";
}

/// Does the same as `nft flush ruleset`, without starting a program.
class RulesetFlush {
 public:
  void run() const {
    const std::array batch{message(NFNL_MSG_BATCH_BEGIN, NFNL_SUBSYS_NFTABLES),
                           message((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_DELTABLE, 0),
                           message(NFNL_MSG_BATCH_END, NFNL_SUBSYS_NFTABLES)};
    EXPECT_EQ(::send(socket_.get(), batch.data(), sizeof batch, 0), static_cast<ssize_t>(sizeof batch));
  }

 private:
  struct Message {
    nlmsghdr header;
    nfgenmsg family;
  };

  static Message message(int type, std::uint16_t subsystem) {
    return {{.nlmsg_len = sizeof(Message),
             .nlmsg_type = static_cast<std::uint16_t>(type),
             .nlmsg_flags = NLM_F_REQUEST,
             .nlmsg_seq = 0,
             .nlmsg_pid = 0},
            {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(subsystem)}};
  }

  posix::FileDescriptor socket_ = socket_in(Namespace::host(), AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
};

/// The tables exist, so ADD finds them, but they do not contain the chains and sets of its network.
TEST_F(RulesetTables, AddSucceedsIfTheRulesetIsFlushedBeforeAnySystemCall) {
  ASSERT_EQ(add(b, another_network()).exit, 0);
  const auto listing = nft({"list", "ruleset"});
  const Call addition{.command = "ADD",
                      .container = "a",
                      .netns = a.netns.path(),
                      .config = with_host_ports_from(masqueraded_ptp(), 8080, 1)};
  const RulesetFlush flush;
  bool was_reached = true;
  for (Fault fault{.kind = Fault::Kind::callback, .callback = [&] { flush.run(); }}; was_reached; ++fault.number) {
    replace_ruleset(listing);
    const auto outcome = call_with_fault(fault, addition);
    EXPECT_EQ(outcome.answer.exit, 0) << "flushed before system call " << fault.number << outcome.answer;
    EXPECT_EQ(del(a, masqueraded_ptp()).exit, 0);
    was_reached = outcome.was_reached;
  }
}

/// The kernel returns more errors than fit the receive buffer of a socket.
TEST_F(RulesetTables, MayBeFlushedDuringAnAddOfManyRules) {
  auto config = with_host_ports_from(masqueraded_ptp(), 8080, 1);
  for (int number = 0; number < 256; ++number) {
    config["ipMasqExcept"].push_back("172.16.1." + std::to_string(number) + "/32");
  }
  ASSERT_EQ(add(b, another_network()).exit, 0);
  const auto listing = nft({"list", "ruleset"});
  const Call addition{.command = "ADD", .container = "a", .netns = a.netns.path(), .config = config};
  const RulesetFlush flush;
  bool was_reached = true;
  for (Fault fault{.kind = Fault::Kind::callback, .callback = [&] { flush.run(); }}; was_reached; ++fault.number) {
    replace_ruleset(listing);
    const auto outcome = call_with_fault(fault, addition);
    EXPECT_EQ(outcome.answer.exit, 0) << "flushed before system call " << fault.number << outcome.answer;
    EXPECT_EQ(del(a, config).exit, 0);
    was_reached = outcome.was_reached;
  }
}

bool has_route_to_loopback(const std::string& bridge) {
  const auto routes = ip(Namespace::host(), {"-6", "route", "show", "table", "local", "dev", bridge});
  return std::ranges::any_of(routes, [](const json& route) { return route.at("dst") == "::1"; });
}

/// `vethctl clean` and GC without valid attachments close the loopback addresses of bridges that no container uses.
TEST_F(RulesetTables, MayBeCleanedBeforeEachSystemCallOfAdd) {
  const auto config = with_host_ports_from(in_mode("bridge"), 8080, 1);
  const Call addition{.command = "ADD", .container = "a", .netns = a.netns.path(), .config = config};
  bool was_reached = true;
  Fault fault{.kind = Fault::Kind::callback};
  const auto clean = [&] {
    EXPECT_EQ(fault.number % 2 == 0 ? gc(another_network(), {}).exit : vethctl({"clean"}).exit, 0) << fault.number;
  };
  for (fault.callback = clean; was_reached; ++fault.number) {
    const auto outcome = call_with_fault(fault, addition);
    EXPECT_EQ(outcome.answer.exit, 0) << "cleaned before system call " << fault.number << outcome.answer;
    EXPECT_EQ(sysctl_of(Namespace::host(), "ipv4/conf/br0/route_localnet"), "1") << fault.number;
    EXPECT_TRUE(has_route_to_loopback("br0")) << fault.number;
    EXPECT_EQ(del(a, config).exit, 0);
    clean();
    was_reached = outcome.was_reached;
  }
}

}  // namespace
