// Key ipspoofchk: a container of mode ptp sends from its own addresses only.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/nftables.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/sysctl.hpp"
#include "plugin/posix/file_descriptor.hpp"
#include "plugin/posix/system_error.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

using Arguments = std::vector<std::string>;

/// An address and a port as the kernel has them.
struct Endpoint {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

Endpoint endpoint(const std::string& address, std::uint16_t port) {
  Endpoint end;
  if (address.find(':') == std::string::npos) {
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(port);
    ::inet_pton(AF_INET, address.c_str(), &ipv4.sin_addr);
    end.size = sizeof ipv4;
    std::memcpy(&end.bytes, &ipv4, sizeof ipv4);
    return end;
  }
  sockaddr_in6 ipv6{};
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(port);
  ::inet_pton(AF_INET6, address.c_str(), &ipv6.sin6_addr);
  end.size = sizeof ipv6;
  std::memcpy(&end.bytes, &ipv6, sizeof ipv6);
  return end;
}

posix::FileDescriptor bound(const Namespace& place, const std::string& address, std::uint16_t port) {
  const auto here = endpoint(address, port);
  auto socket = socket_in(place, here.bytes.ss_family, SOCK_DGRAM, 0);
  const int on = 1;
  ::setsockopt(socket.get(), SOL_IP, IP_TRANSPARENT, &on, sizeof on);
  ::setsockopt(socket.get(), SOL_IPV6, IPV6_FREEBIND, &on, sizeof on);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&here.bytes), here.size) < 0) {
    posix::throw_errno("bind to " + address);
  }
  return socket;
}

/// Whether a datagram from `source`, which need not be an address of the sender, reaches `target` in the other
/// namespace.
bool passes(const Namespace& from, const std::string& source, const Namespace& to, const std::string& target) {
  constexpr std::uint16_t port = 7777;
  constexpr int patience_ms = 200;
  const auto receiver = bound(to, target.find(':') == std::string::npos ? "0.0.0.0" : "::", port);
  const auto sender = bound(from, source, 0);
  const auto there = endpoint(target, port);
  const char byte = 'x';
  EXPECT_EQ(::sendto(sender.get(), &byte, 1, 0, reinterpret_cast<const sockaddr*>(&there.bytes), there.size), 1)
      << source << ": " << std::strerror(errno);
  pollfd waiting{receiver.get(), POLLIN, 0};
  return ::poll(&waiting, 1, patience_ms) == 1;
}

using Bytes = std::vector<unsigned char>;

/// An ARP request for the gateway, whose sender has this address, behind so many tags of VLAN 0.
Bytes arp_request(const Bytes& sender, int tags) {
  Bytes frame{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 9};
  for (int i = 0; i < tags; ++i) frame.insert(frame.end(), {0x81, 0, 0, 0});
  frame.insert(frame.end(), {0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9});
  frame.insert(frame.end(), sender.begin(), sender.end());
  frame.insert(frame.end(), {0, 0, 0, 0, 0, 0, 10, 1, 2, 1});
  return frame;
}

/// ARP requests from this many senders that do not exist.
void send_arp_requests(const Container& from, int senders, int tags = 0) {
  const auto socket = socket_in(from.netns, AF_PACKET, SOCK_RAW, 0);
  sockaddr_ll link{};
  link.sll_family = AF_PACKET;
  link.sll_ifindex = in(from.netns, [&] { return static_cast<int>(::if_nametoindex(from.interface.c_str())); });
  for (int i = 0; i < senders; ++i) {
    const auto frame =
        arp_request({10, 99, static_cast<unsigned char>(i / 250), static_cast<unsigned char>(1 + i % 250)}, tags);
    ::sendto(socket.get(), frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&link), sizeof link);
  }
}

/// A host that accepts IPv4 packets from any source by itself.
Namespace host_without_path_filter() {
  auto host = Namespace::host();
  for (const char* name : {"all", "default"}) set_sysctl(host, std::string{"ipv4/conf/"} + name + "/rp_filter", "0");
  return host;
}

class SourceCheck : public testing::Test {
 protected:
  std::size_t strangers() const {
    std::size_t count = 0;
    for (const auto& neighbour : ip(host, {"-4", "neighbour", "show"})) {
      if (neighbour.at("dst").get<std::string>().starts_with("10.99.")) ++count;
    }
    return count;
  }
  /// Addresses that the container must not send from: of no container, of another one, of the gateway.
  std::vector<std::string> foreign_sources(int family) const {
    if (family == 4) return {"198.51.100.7", address_of(neighbour.result, 4), "10.1.2.1"};
    return {"2001:db8:7::7", address_of(neighbour.result, 6), "fd00:1:2::1"};
  }
  void expect_own_sources_only(const json& result) const {
    for (const int family : {4, 6}) {
      const auto target = address_of(neighbour.result, family);
      EXPECT_TRUE(passes(a.netns, address_of(result, family), b.netns, target)) << "its own, IPv" << family;
      for (const auto& source : foreign_sources(family)) {
        EXPECT_FALSE(passes(a.netns, source, b.netns, target)) << source;
      }
    }
  }

  static std::string block_of(const std::string& interface, const std::string& key) {
    const auto shown = run({.argv = {"tc", "-j", "qdisc", "show", "dev", interface}}).out;
    for (const auto& qdisc : json::parse(shown)) {
      if (qdisc.contains(key)) return std::to_string(qdisc.at(key).get<std::uint32_t>());
    }
    return {};
  }
  void expect_restored(const json& result, Arguments change, const std::string& interface) const {
    change.insert(change.begin(), "tc");
    const auto changed = run({.argv = change});
    ASSERT_EQ(changed.exit, 0) << change.back() << changed.err;
    const auto checked = check(a, config, result);
    EXPECT_EQ(code_of(checked), 104) << change.at(2);
    EXPECT_NE(checked.out.find(interface), std::string::npos) << checked;
    EXPECT_NE(vethctl({"check"}).out.find("does not drop packets from other sources"), std::string::npos);
    EXPECT_EQ(vethctl({"repair"}).exit, 0);
    EXPECT_EQ(check(a, config, result).exit, 0);
    expect_own_sources_only(result);
  }

  const Namespace host = host_without_path_filter();
  const Snapshot before = Snapshot::take();
  const Container a{"a"};
  const Container b{"b"};
  json config = in_mode("ptp");
  Answer neighbour = add(b, config);
};

TEST_F(SourceCheck, DropsWhatIsNotFromTheContainersAddresses) {
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  nft({"flush", "ruleset"});
  expect_own_sources_only(added.result);
  for (const int family : {4, 6}) EXPECT_TRUE(ping(a.netns, gateway_of(added.result, family))) << "IPv" << family;
}

TEST_F(SourceCheck, IsLeftOutByItsKey) {
  config["ipspoofchk"] = false;
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  for (const int family : {4, 6}) {
    const auto source = foreign_sources(family).front();
    EXPECT_TRUE(passes(a.netns, source, b.netns, address_of(neighbour.result, family))) << source;
  }
  send_arp_requests(a, 100);
  EXPECT_GT(strangers(), 0U) << "the tests of ARP cannot fail";
}

TEST_F(SourceCheck, IsMadeBehindARateLimit) {
  config["runtimeConfig"] = {{"bandwidth",
                              {{"ingressRate", 1'000'000'000},
                               {"ingressBurst", 1'000'000'000},
                               {"egressRate", 1'000'000'000},
                               {"egressBurst", 1'000'000'000}}}};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  expect_own_sources_only(added.result);
  EXPECT_EQ(check(a, config, added.result).exit, 0);
}

/// The kernel removes one tag of VLAN 0 before filters see a packet, and a second one after that.
TEST_F(SourceCheck, SeesThroughTagsOfVlan0) {
  for (const bool is_checked : {true, false}) {
    config["ipspoofchk"] = is_checked;
    const auto added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
    for (const int tags : {1, 2}) {
      send_arp_requests(a, 10, tags);
      EXPECT_EQ(strangers() == 0, is_checked) << tags << " tags";
      run({.argv = {"ip", "neighbour", "flush", "dev", host_interface_of(added.result)}});
    }
    EXPECT_EQ(del(a, config).exit, 0);
  }
}

TEST_F(SourceCheck, LetsNoStrangersIntoTheNeighbourTable) {
  ASSERT_EQ(add(a, config).exit, 0);
  send_arp_requests(a, 500);
  EXPECT_EQ(strangers(), 0U);
}

TEST_F(SourceCheck, IsAFindingWhereAPartOfItIsMissing) {
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto interface = host_interface_of(added.result);
  const auto block = block_of(interface, "ingress_block");
  for (const Arguments& change : {Arguments{"qdisc", "delete", "dev", interface, "ingress"},
                                  Arguments{"filter", "delete", "block", block, "pref", "1"},
                                  Arguments{"filter", "delete", "block", block, "pref", "2"}}) {
    expect_restored(added.result, change, interface);
  }
}

TEST_F(SourceCheck, IsAFindingWhereItIsMissingBehindARateLimit) {
  config["runtimeConfig"] = {{"bandwidth", {{"egressRate", 1'000'000'000}, {"egressBurst", 1'000'000'000}}}};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto ifb = "ifb" + host_interface_of(added.result).substr(4);
  expect_restored(added.result, {"qdisc", "delete", "dev", ifb, "clsact"}, ifb);
}

TEST_F(SourceCheck, IsNotWantedOfAnAttachmentWithoutIt) {
  config["ipspoofchk"] = false;
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(check(a, config, added.result).exit, 0);
  EXPECT_EQ(check(a, in_mode("ptp"), added.result).exit, 0) << "the configuration has changed since";
}

TEST_F(SourceCheck, GoesWithTheAttachment) {
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(del(a, config).exit + del(b, config).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

constexpr auto unchecked = "unchecked";  ///< mode ptp, without the check

/// A container in two networks, the second of which has this mode. Its default routes lead through the first.
class SourceCheckOfNetworks : public testing::TestWithParam<const char*> {
 protected:
  SourceCheckOfNetworks() {
    if (GetParam() == std::string{unchecked}) second["ipspoofchk"] = false;
    second["name"] = "net2";
    second["ipam"] = veth_ipam({"10.1.3.0/24", "fd00:1:3::/64"});
    if (second.contains("bridge")) second["bridge"] = "br3";
    run_ip(host, {"address", "add", "203.0.113.1/32", "dev", "lo"});
    run_ip(host, {"address", "add", "2001:db8::1/128", "dev", "lo", "nodad"});
  }
  void SetUp() override {
    one = add(a, first);
    a.interface = "eth1";
    other = add(a, second);
    ASSERT_EQ(one.exit + other.exit, 0) << one << other;
  }
  bool answers(const json& result, int family) const {
    const std::string source = family == 4 ? "203.0.113.1" : "2001:db8::1";
    for (int i = 0; i < 20; ++i) {  // the address of lo may have just been added
      const auto pinged = run({.argv = {"ping", "-n", "-c1", "-W1", "-I", source, address_of(result, family)}});
      if (pinged.exit == 0) return true;
      if (pinged.err.empty()) return false;
    }
    return false;
  }

  const Namespace host = Namespace::host();
  Container a{"a"};
  const json first = in_mode("ptp");
  json second = in_mode(GetParam() == std::string{"bridge"} ? "bridge" : "ptp");
  Answer one;
  Answer other;
};

INSTANTIATE_TEST_SUITE_P(Modes, SourceCheckOfNetworks, testing::Values("ptp", "bridge", unchecked));

TEST_P(SourceCheckOfNetworks, LetsAnswersLeaveByAnotherInterface) {
  for (const int family : {4, 6}) {
    EXPECT_TRUE(answers(one.result, family)) << "first network, IPv" << family;
    EXPECT_TRUE(answers(other.result, family)) << "second network, IPv" << family;
    const std::string target = family == 4 ? "203.0.113.1" : "2001:db8::1";
    EXPECT_FALSE(passes(a.netns, family == 4 ? "198.51.100.7" : "2001:db8:7::7", host, target)) << "IPv" << family;
  }
}

/// As a workload could do that wants to keep the address.
TEST_P(SourceCheckOfNetworks, ForgetsTheAddressesOfANetworkWhoseInterfaceWasDeleted) {
  run_ip(a.netns, {"link", "delete", "eth1"});
  ASSERT_EQ(del(a, second).exit, 0);
  EXPECT_FALSE(passes(a.netns, address_of(other.result, 4), host, "203.0.113.1"));
}

TEST_P(SourceCheckOfNetworks, ForgetsTheAddressesOfANetworkThatTheContainerHasLeft) {
  EXPECT_TRUE(passes(a.netns, address_of(other.result, 4), host, "203.0.113.1"));
  ASSERT_EQ(del(a, second).exit, 0);
  EXPECT_FALSE(passes(a.netns, address_of(other.result, 4), host, "203.0.113.1"));
  EXPECT_TRUE(passes(a.netns, address_of(one.result, 4), host, "203.0.113.1"));
}

}  // namespace
