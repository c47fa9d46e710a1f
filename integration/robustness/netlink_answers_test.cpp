// The plugin reads netlink messages of any size completely, and accepts only those that the kernel sends.
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

/// Adds so many alternative names that the kernel's message about the interface is longer than 32 KiB, which is the
/// largest size of a part of a dump.
void add_many_names(const Namespace& netns, const std::string& interface) {
  constexpr int many = 350;
  constexpr std::size_t length = 123;
  std::string batch;
  for (int number = 0; number < many; ++number) {
    auto name = interface + '-' + std::to_string(number) + '-';
    name.resize(length, 'x');
    batch += "link property add dev " + interface + " altname " + name + '\n';
  }
  const auto outcome = run({.argv = {"ip", "-batch", "-"}, .input = batch, .inside = &netns});
  ASSERT_EQ(outcome.exit, 0) << outcome.err;
}

json netns_pair(const Namespace& peer) {
  return {{"cniVersion", "1.1.0"},
          {"name", "pair"},
          {"type", "veth"},
          {"mode", "netns"},
          {"peer", {{"netns", peer.path()}, {"ifname", "eth1"}, {"addresses", {"192.168.10.2/24"}}}},
          {"ipam", {{"type", "veth-ipam"}, {"addresses", {{{"address", "192.168.10.1/24"}}}}}}};
}

class LargeNetlinkMessage : public testing::Test {
 protected:
  Namespace host = Namespace::host();
  Snapshot before = Snapshot::take();
  Container a{"a"};
};

TEST_F(LargeNetlinkMessage, IsReadByCheckAndDel) {
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

TEST_F(LargeNetlinkMessage, IsReadInBothNamespacesOfModeNetns) {
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

// DEL looks for the alias in a list of all interfaces.
TEST_F(LargeNetlinkMessage, IsReadFromAList) {
  Container b{"b"};
  const auto added = add(a, dual_stack());
  ASSERT_EQ(added.exit + add(b, dual_stack()).exit, 0);
  const auto interface = host_interface_of(added.result);
  add_many_names(host, interface);
  rename_interface(host, interface, "rack7");
  std::filesystem::remove_all(state_root);
  EXPECT_EQ(call({.command = "DEL", .container = "a", .config = dual_stack()}).exit, 0);
  EXPECT_FALSE(has_interface(a.netns, "eth0"));
  EXPECT_TRUE(has_interface(b.netns, "eth0"));
}

/// The process ID of the program that a fault has stopped: the only child of this thread.
std::uint32_t stopped_program() {
  const auto thread = std::to_string(::syscall(SYS_gettid));
  std::ifstream children{"/proc/self/task/" + thread + "/children"};
  std::uint32_t id = 0;
  children >> id;
  return id;
}

/// A workload with CAP_NET_ADMIN in the container that sends netlink messages to the plugin, as if from the kernel.
class ForgedErrors {
 public:
  explicit ForgedErrors(const Namespace& netns) : socket_(socket_in(netns, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)) {}

  /// Sends an error for each of the first sequence numbers. The port ID of the first netlink socket that a process has
  /// in a namespace is its process ID.
  void send() const {
    constexpr std::uint32_t many = 32;
    sockaddr_nl program{};
    program.nl_family = AF_NETLINK;
    program.nl_pid = stopped_program();
    for (std::uint32_t sequence = 0; sequence < many; ++sequence) {
      const ErrorMessage message = error_for(sequence);
      ::sendto(socket_.get(), &message, sizeof message, MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&program),
               sizeof program);
    }
  }

 private:
  struct ErrorMessage {
    nlmsghdr header;
    nlmsgerr error;
  };

  static ErrorMessage error_for(std::uint32_t sequence) {
    ErrorMessage message{};
    message.header.nlmsg_len = sizeof message;
    message.header.nlmsg_type = NLMSG_ERROR;
    message.header.nlmsg_seq = sequence;
    message.error.error = -EPERM;
    return message;
  }

  posix::FileDescriptor socket_;
};

TEST(ForgedNetlinkError, IsIgnored) {
  const Container a{"a"};
  const auto added = add(a, dual_stack());
  ASSERT_EQ(added.exit, 0);
  const ForgedErrors forged{a.netns};
  Call checking{.command = "CHECK", .container = "a", .netns = a.netns.path(), .config = dual_stack()};
  checking.config["prevResult"] = added.result;
  bool was_reached = true;
  for (Fault fault{.kind = Fault::Kind::callback, .callback = [&] { forged.send(); }}; was_reached; ++fault.number) {
    const auto outcome = call_with_fault(fault, checking);
    EXPECT_EQ(outcome.answer.exit, 0) << "before system call " << fault.number << outcome.answer;
    was_reached = outcome.was_reached;
  }
}

}  // namespace
