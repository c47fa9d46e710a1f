// What our tables hold across lives, deaths and flushes: elements of a node that was rebooted, DELs that were killed
// half-way, and others who flush the ruleset while a call is at work.
#include "integration/support/call.hpp"
#include "integration/support/fault.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/nftables.hpp"
#include "integration/support/parallel.hpp"
#include "integration/support/state_folder.hpp"

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

json with_ports(json config, int first, int count) {
  for (int port = first; port < first + count; ++port) {
    config["runtimeConfig"]["portMappings"].push_back({{"hostPort", port}, {"containerPort", 80}, {"protocol", "tcp"}});
  }
  return config;
}

json masqueraded() {
  auto config = in_mode("ptp");
  config["ipMasq"] = true;
  return config;
}

json checked_bridge() {
  auto config = in_mode("bridge");
  config["ipMasq"] = true;
  config["macspoofchk"] = true;
  return config;
}

json of_another_network() {
  auto config = masqueraded();
  config["name"] = "other";
  config["ipam"] = veth_ipam({"10.9.9.0/24"});
  return config;
}

std::string life() { return std::filesystem::path{state_folder()}.filename(); }

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

void load_in_place_of_all(const std::string& listing) {
  nft({"flush", "ruleset"});
  load_ruleset(listing);
}

/// How many attachments have elements.
std::size_t count_owners() {
  std::vector<std::string> comments;
  for (const auto& element : own_elements()) comments.push_back(element.comment);
  std::ranges::sort(comments);
  return static_cast<std::size_t>(std::unique(comments.begin(), comments.end()) - comments.begin());
}

class RulesLife : public testing::Test {
 protected:
  /// The node reboots, and its rules are loaded again. The containers and the state are gone.
  void reboot() {
    const auto listing = replaced(nft({"list", "ruleset"}), life(), "00000000-0000-0000-0000-000000000000-1");
    EXPECT_EQ(del(a, masqueraded()).exit, 0);
    std::filesystem::remove_all(state_root);
    load_in_place_of_all(listing);
  }

  Container a{"a"};
  Container b{"b"};
};

TEST_F(RulesLife, IsTheCommentOfTheFirstChainOfEachTable) {
  ASSERT_EQ(add(a, with_ports(checked_bridge(), 8080, 1)).exit, 0);
  EXPECT_EQ(count_of(own_rules(), "comment \"" + life() + '"'), 2U) << own_rules();
}

TEST_F(RulesLife, EndsWithTheFirstAddOfTheNextBootThatHasNoRulesItself) {
  ASSERT_EQ(add(a, with_ports(masqueraded(), 8080, 1)).exit, 0);
  reboot();
  ASSERT_EQ(count_owners(), 1U);
  ASSERT_EQ(add(b, in_mode("ptp")).exit, 0);
  EXPECT_EQ(count_owners(), 0U) << own_rules();
  EXPECT_EQ(del(b, in_mode("ptp")).exit, 0);
}

TEST_F(RulesLife, EndsWithTheBootWhoseRulesWereSaved) {
  ASSERT_EQ(add(a, with_ports(masqueraded(), 8080, 2)).exit, 0);
  reboot();
  ASSERT_FALSE(own_elements().empty());
  const auto added = add(b, of_another_network());
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(own_elements().size(), 2U) << "the address of b, and that it has any";
  EXPECT_EQ(count_of(own_rules(), life()), 1U) << own_rules();
}

TEST_F(RulesLife, EndsInBothTablesAtOnce) {
  ASSERT_EQ(add(a, with_ports(checked_bridge(), 8080, 1)).exit, 0);
  reboot();
  ASSERT_EQ(add(b, masqueraded()).exit, 0);
  EXPECT_EQ(count_owners(), 1U);
  for (const auto& element : own_elements()) EXPECT_NE(element.family, "bridge") << element.set;
}

TEST_F(RulesLife, LeavesNoPortTakenBehind) {
  const auto config = with_ports(masqueraded(), 8080, 1);
  ASSERT_EQ(add(a, config).exit, 0);
  reboot();
  const auto added = add(b, config);
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_EQ(count_owners(), 1U);
}

TEST_F(RulesLife, GoesOnWhereTheRulesOfThisBootAreLoadedAgain) {
  ASSERT_EQ(add(a, with_ports(checked_bridge(), 8080, 1)).exit, 0);
  const auto elements = own_elements().size();
  load_in_place_of_all(nft({"list", "ruleset"}));
  ASSERT_EQ(add(b, of_another_network()).exit, 0);
  EXPECT_EQ(own_elements().size(), elements + 2);
}

TEST_F(RulesLife, BeginsAnewWithTheRecordsWhereATableHasNone) {
  const auto config = with_ports(checked_bridge(), 8080, 2);
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0);
  const auto elements = own_elements().size();
  load_in_place_of_all(replaced(nft({"list", "ruleset"}), "comment \"" + life() + '"', ""));
  ASSERT_EQ(count_of(own_rules(), life()), 0U);
  ASSERT_EQ(add(b, of_another_network()).exit, 0);
  EXPECT_EQ(own_elements().size(), elements + 2);
  EXPECT_EQ(count_of(own_rules(), life()), 2U) << own_rules();
  EXPECT_EQ(check(a, config, added.result).exit, 0);
}

TEST_F(RulesLife, EndsOnceForManyAddsAtOnce) {
  constexpr std::size_t many = 24;
  std::deque<Container> containers;
  for (std::size_t number = 0; number < many; ++number) containers.push_back(Container{"c" + std::to_string(number)});
  ASSERT_EQ(add(a, with_ports(masqueraded(), 8080, 1)).exit, 0);
  reboot();
  std::vector<Answer> answers(many);
  in_parallel(many, many, [&](std::size_t number) {
    answers[number] = add(containers[number], with_ports(masqueraded(), 9000 + static_cast<int>(number), 1));
  });
  for (const auto& answer : answers) EXPECT_EQ(answer.exit, 0) << answer;
  EXPECT_EQ(count_owners(), many);
}

// Owner elements go last. What a killed DEL has left is removed, with or without an owner element.
TEST_F(RulesLife, IsNotOutlivedByElementsOfADelThatWasKilled) {
  ASSERT_EQ(add(a, with_ports(masqueraded(), 9000, 300)).exit, 0);
  const auto all = own_elements().size();
  ASSERT_GT(all, 300U);
  std::filesystem::remove_all(state_root);
  const Call deletion{.command = "DEL", .container = "a", .netns = a.netns.path(), .config = masqueraded()};
  bool has_been_half = false;
  for (Fault fault; call_with(fault, deletion).was_reached; ++fault.number) {
    const auto elements = own_elements();
    has_been_half = has_been_half || (!elements.empty() && elements.size() < all);
    EXPECT_EQ(std::ranges::count(elements, "owners", &Element::set), elements.empty() ? 0 : 1) << fault.number;
  }
  EXPECT_TRUE(has_been_half);
  EXPECT_TRUE(own_elements().empty()) << own_elements().size();
}

TEST_F(RulesLife, IsNotOutlivedByElementsWithoutAnOwnerElement) {
  ASSERT_EQ(add(a, with_ports(checked_bridge(), 8080, 3)).exit + add(b, of_another_network()).exit, 0);
  std::filesystem::remove_all(state_root);
  nft({"flush", "set", "inet", "veth_cni", "owners"});
  nft({"flush", "set", "bridge", "veth_cni", "owners"});
  EXPECT_EQ(del(a, checked_bridge()).exit, 0);
  EXPECT_EQ(own_elements().size(), 1U) << "the address of b";
}

/// As `nft flush ruleset`, without a program.
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

/// The tables exist, so that the ADD finds them, and what it needs besides does not.
TEST_F(RulesLife, MayEndBeforeEachSystemCallOfAnAdd) {
  ASSERT_EQ(add(b, of_another_network()).exit, 0);
  const auto listing = nft({"list", "ruleset"});
  const Call addition{
      .command = "ADD", .container = "a", .netns = a.netns.path(), .config = with_ports(masqueraded(), 8080, 1)};
  const RulesetFlush flush;
  bool was_reached = true;
  for (Fault fault{.kind = Fault::Kind::event, .befall = [&] { flush.run(); }}; was_reached; ++fault.number) {
    load_in_place_of_all(listing);
    const auto struck = call_with(fault, addition);
    EXPECT_EQ(struck.answer.exit, 0) << "flushed before system call " << fault.number << struck.answer;
    EXPECT_EQ(del(a, masqueraded()).exit, 0);
    was_reached = struck.was_reached;
  }
}

}  // namespace
