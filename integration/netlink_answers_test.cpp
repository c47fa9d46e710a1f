// The kernel's answers are taken whole however large they are, and from nobody else.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/fault.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

/// So many that what the kernel says of the interface needs more than 32 KiB, which is all that a part of a dump has.
void add_many_names(const Namespace& place, const std::string& interface) {
  constexpr int many = 350;
  constexpr std::size_t length = 123;
  std::string batch;
  for (int number = 0; number < many; ++number) {
    auto name = interface + '-' + std::to_string(number) + '-';
    name.resize(length, 'x');
    batch += "link property add dev " + interface + " altname " + name + '\n';
  }
  const auto outcome = run({.argv = {"ip", "-batch", "-"}, .input = batch, .inside = &place});
  ASSERT_EQ(outcome.exit, 0) << outcome.err;
}

json netns_pair(const Namespace& peer) {
  return {{"cniVersion", "1.1.0"},
          {"name", "cable"},
          {"type", "veth"},
          {"mode", "netns"},
          {"peer", {{"netns", peer.path()}, {"ifname", "eth1"}, {"addresses", {"192.168.10.2/24"}}}},
          {"ipam", {{"type", "veth-ipam"}, {"addresses", {{{"address", "192.168.10.1/24"}}}}}}};
}

class LargeAnswer : public testing::Test {
 protected:
  Namespace host = Namespace::host();
  Snapshot before = Snapshot::take();
  Container a{"a"};
};

TEST_F(LargeAnswer, IsReadByCheckAndDel) {
  for (const char* mode : {"ptp", "bridge"}) {
    const auto added = add(a, in_mode(mode));
    ASSERT_EQ(added.exit, 0) << added;
    add_many_names(host, host_interface_of(added.result));
    add_many_names(a.netns, "eth0");
    const auto checked = check(a, in_mode(mode), added.result);
    EXPECT_EQ(checked.exit, 0) << mode << checked;
    EXPECT_EQ(del(a, in_mode(mode)).exit, 0) << mode;
    EXPECT_FALSE(has_interface(a.netns, "eth0")) << mode;
  }
}

TEST_F(LargeAnswer, IsReadInEitherNamespaceOfACable) {
  Container b{"b", Namespace{"b"}, "eth1"};
  for (const bool is_recorded : {true, false}) {
    ASSERT_EQ(add(a, netns_pair(b.netns)).exit, 0);
    add_many_names(a.netns, "eth0");
    add_many_names(b.netns, "eth1");
    if (!is_recorded) std::filesystem::remove_all(state_root);
    EXPECT_EQ(del(a, netns_pair(b.netns)).exit, 0);
    EXPECT_FALSE(has_interface(a.netns, "eth0") || has_interface(b.netns, "eth1")) << is_recorded;
  }
  EXPECT_TRUE(unchanged_since(before));
}

// By its alias, in a list of all interfaces.
TEST_F(LargeAnswer, IsReadFromAList) {
  Container b{"b"};
  const auto added = add(a, dual_stack());
  ASSERT_EQ(added.exit + add(b, dual_stack()).exit, 0);
  const auto interface = host_interface_of(added.result);
  add_many_names(host, interface);
  change_ip(host, {"link", "set", interface, "name", "rack7"});
  std::filesystem::remove_all(state_root);
  EXPECT_EQ(call({.command = "DEL", .container = "a", .config = dual_stack()}).exit, 0);
  EXPECT_FALSE(has_interface(a.netns, "eth0"));
  EXPECT_TRUE(has_interface(b.netns, "eth0"));
}

/// The program that a fault has stopped: this thread's only child.
std::uint32_t stopped_program() {
  const auto thread = std::to_string(::syscall(SYS_gettid));
  std::ifstream children{"/proc/self/task/" + thread + "/children"};
  std::uint32_t id = 0;
  children >> id;
  return id;
}

/// A workload with CAP_NET_ADMIN that answers in the place of the kernel.
class Impostor {
 public:
  explicit Impostor(const Namespace& place) : socket_(socket_in(place, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)) {}

  /// The first socket of a program in a namespace has the number of the process.
  void refuse_first_requests() const {
    constexpr std::uint32_t many = 32;
    sockaddr_nl program{};
    program.nl_family = AF_NETLINK;
    program.nl_pid = stopped_program();
    for (std::uint32_t sequence = 0; sequence < many; ++sequence) {
      const Refusal refusal = refusal_of(sequence);
      ::sendto(socket_.get(), &refusal, sizeof refusal, MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&program),
               sizeof program);
    }
  }

 private:
  struct Refusal {
    nlmsghdr header;
    nlmsgerr verdict;
  };

  static Refusal refusal_of(std::uint32_t sequence) {
    Refusal refusal{};
    refusal.header.nlmsg_len = sizeof refusal;
    refusal.header.nlmsg_type = NLMSG_ERROR;
    refusal.header.nlmsg_seq = sequence;
    refusal.verdict.error = -EPERM;
    return refusal;
  }

  posix::FileDescriptor socket_;
};

TEST(ForeignAnswer, IsNotTakenForTheKernels) {
  const Container a{"a"};
  const auto added = add(a, dual_stack());
  ASSERT_EQ(added.exit, 0);
  const Impostor impostor{a.netns};
  Call checking{.command = "CHECK", .container = "a", .netns = a.netns.path(), .config = dual_stack()};
  checking.config["prevResult"] = added.result;
  bool was_reached = true;
  for (Fault fault{.kind = Fault::Kind::event, .befall = [&] { impostor.refuse_first_requests(); }}; was_reached;
       ++fault.number) {
    const auto struck = call_with(fault, checking);
    EXPECT_EQ(struck.answer.exit, 0) << "before system call " << fault.number << struck.answer;
    was_reached = struck.was_reached;
  }
}

}  // namespace
