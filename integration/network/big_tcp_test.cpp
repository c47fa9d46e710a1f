// bigTcp: both ends get the largest packet sizes of the uplink, the device of the default route.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/transfer.hpp"

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

// The ip of Debian 12 knows only the settings of IPv6.
constexpr unsigned short gso_size = 41;
constexpr unsigned short gro_size = 58;
constexpr unsigned short gso_ipv4_size = 63;
constexpr unsigned short gro_ipv4_size = 64;

/// A request about one link, with attributes that are numbers.
struct SizeRequest {
  nlmsghdr header{};
  ifinfomsg link{};
  std::array<char, 256> attributes{};

  SizeRequest(unsigned short type, unsigned index) {
    header.nlmsg_type = type;
    header.nlmsg_flags = NLM_F_REQUEST | (type == RTM_SETLINK ? NLM_F_ACK : 0);
    header.nlmsg_len = NLMSG_LENGTH(sizeof link);
    link.ifi_index = static_cast<int>(index);
  }

  void put(unsigned short type, std::uint32_t number) {
    const rtattr head{.rta_len = RTA_LENGTH(sizeof number), .rta_type = type};
    auto* at = attributes.data() + (header.nlmsg_len - NLMSG_LENGTH(sizeof link));
    std::memcpy(at, &head, sizeof head);
    std::memcpy(at + RTA_LENGTH(0), &number, sizeof number);
    header.nlmsg_len += RTA_SPACE(sizeof number);
  }
};

/// The answer to a request, in the namespace.
std::vector<char> ask(const Namespace& netns, const SizeRequest& request) {
  const auto socket = socket_in(netns, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  EXPECT_GT(::send(socket.get(), &request, request.header.nlmsg_len, 0), 0);
  std::vector<char> answer(16384);
  const auto received = ::recv(socket.get(), answer.data(), answer.size(), 0);
  answer.resize(received < 0 ? 0 : static_cast<std::size_t>(received));
  return answer;
}

unsigned link_number(const Namespace& netns, const std::string& interface) {
  return in(netns, [&] { return ::if_nametoindex(interface.c_str()); });
}

/// The errno of the answer.
int set_sizes(const Namespace& netns, const std::string& interface,
              const std::vector<std::pair<unsigned short, std::uint32_t>>& sizes) {
  SizeRequest request{RTM_SETLINK, link_number(netns, interface)};
  for (const auto& [type, size] : sizes) request.put(type, size);
  const auto answer = ask(netns, request);
  int error = EPROTO;
  if (answer.size() >= NLMSG_LENGTH(sizeof error)) std::memcpy(&error, answer.data() + NLMSG_HDRLEN, sizeof error);
  return -error;
}

/// 0: the kernel does not report it.
std::uint32_t size_of(const Namespace& netns, const std::string& interface, unsigned short type) {
  const auto answer = ask(netns, SizeRequest{RTM_GETLINK, link_number(netns, interface)});
  std::uint32_t number = 0;
  for (std::size_t at = NLMSG_SPACE(sizeof(ifinfomsg)); at + sizeof(rtattr) <= answer.size();) {
    rtattr head{};
    std::memcpy(&head, answer.data() + at, sizeof head);
    if (head.rta_len < sizeof head) break;
    if (head.rta_type == type) std::memcpy(&number, answer.data() + at + RTA_LENGTH(0), sizeof number);
    at += RTA_ALIGN(head.rta_len);
  }
  return number;
}

constexpr std::uint32_t raised_size = 196608;
constexpr std::uint32_t default_size = 65536;

class BigTcp : public testing::Test {
 protected:
  void SetUp() override {
    run_ip(host, {"link", "add", "uplink", "type", "veth", "peer", "eth0", "netns", "outside"});
    if (size_of(host, "uplink", gso_ipv4_size) == 0) GTEST_SKIP() << "NOT RUN: Linux 6.3 and later have the settings";
    join(host, "uplink", "1", "9");
    join(outside, "eth0", "9", "1");
  }

  /// Gives an end of the uplink its addresses, and default routes to the other end.
  static void join(const Namespace& netns, const std::string& interface, const std::string& own,
                   const std::string& other) {
    bring_up_without_address(netns, interface);
    run_ip(netns, {"address", "add", "10.77.1." + own + "/24", "dev", interface});
    for (const auto* network : {"fd77:1::", "fe80::"}) {
      run_ip(netns, {"address", "add", network + own + "/64", "dev", interface, "nodad"});
    }
    run_ip(netns, {"-4", "route", "add", "default", "via", "10.77.1." + other});
    run_ip(netns, {"-6", "route", "add", "default", "via", "fd77:1::" + other});
  }

  void raise(const Namespace& netns, const std::string& interface) const {
    ASSERT_EQ(set_sizes(netns, interface,
                        {{gso_size, raised_size},
                         {gro_size, raised_size},
                         {gso_ipv4_size, raised_size},
                         {gro_ipv4_size, raised_size}}),
              0);
  }

  void raise_uplink() const {
    raise(host, "uplink");
    EXPECT_EQ(set_sizes(outside, "eth0", {{gso_ipv4_size, raised_size}, {gro_ipv4_size, raised_size}}), 0);
  }

  /// The sizes of both ends: GSO and GRO of IPv4, then of IPv6.
  void expect_sizes(const json& result, std::uint32_t ipv4, std::uint32_t ipv6) const {
    const auto port = host_interface_of(result);
    for (const auto& [netns, name] : {std::pair{&a.netns, std::string{"eth0"}}, std::pair{&host, port}}) {
      EXPECT_EQ(size_of(*netns, name, gso_ipv4_size), ipv4) << name;
      EXPECT_EQ(size_of(*netns, name, gro_ipv4_size), ipv4) << name;
      EXPECT_EQ(size_of(*netns, name, gso_size), ipv6) << name;
      EXPECT_EQ(size_of(*netns, name, gro_size), ipv6) << name;
    }
  }

  static json with_big_tcp(json network) {
    network["bigTcp"] = true;
    return network;
  }

  Namespace host = Namespace::host();
  Namespace outside{"outside"};
  Container a{"a"};
};

TEST_F(BigTcp, CopiesTheSizesOfIpv4InModePtp) {
  raise_uplink();
  const auto before = Snapshot::take();
  const auto config = with_big_tcp(in_mode("ptp"));
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  expect_sizes(added.result, raised_size, default_size);
  EXPECT_EQ(check(a, config, added.result).exit, 0);
  for (const int family : {4, 6}) {
    const auto* address = family == 4 ? "10.77.1.9" : "fd77:1::9";
    constexpr double some_bits = 1'000'000;
    EXPECT_GT(measure_tcp({a.netns, outside, address}).payload_bits, some_bits) << "IPv" << family;
    EXPECT_GT(measure_tcp({outside, a.netns, address_of(added.result, family)}).payload_bits, some_bits) << family;
  }
  EXPECT_EQ(del(a, config, added.result).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(BigTcp, ChangesNothingWithoutTheKeyOrARaisedUplinkOrADefaultRoute) {
  const auto expect_defaults = [&](const json& config) {
    const auto added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
    expect_sizes(added.result, default_size, default_size);
    EXPECT_EQ(check(a, config, added.result).exit, 0);
    EXPECT_EQ(del(a, config, added.result).exit, 0);
  };
  expect_defaults(with_big_tcp(in_mode("ptp")));
  raise_uplink();
  expect_defaults(in_mode("ptp"));
  run_ip(host, {"-4", "route", "delete", "default"});
  expect_defaults(with_big_tcp(in_mode("ptp")));
}

TEST_F(BigTcp, RaisesTheBridgeAndForIpv6OnlyOneThatIsNoGateway) {
  raise_uplink();
  auto config = with_big_tcp(in_mode("bridge"));
  const auto routed = add(a, config);
  ASSERT_EQ(routed.exit, 0) << routed;
  expect_sizes(routed.result, raised_size, default_size);
  EXPECT_EQ(size_of(host, "br0", gso_ipv4_size), raised_size);
  constexpr double some_bits = 1'000'000;
  for (const auto* address : {"10.77.1.9", "fd77:1::9"}) {
    EXPECT_GT(measure_tcp({a.netns, outside, address}).payload_bits, some_bits) << address;
  }
  EXPECT_EQ(del(a, config, routed.result).exit, 0);
  config["isGateway"] = config["isDefaultGateway"] = false;
  config["bridge"] = "br1";
  config["ipam"].erase("routes");
  const auto bridged = add(a, config);
  ASSERT_EQ(bridged.exit, 0) << bridged;
  expect_sizes(bridged.result, raised_size, raised_size);
  EXPECT_EQ(size_of(host, "br1", gso_size), raised_size);
  EXPECT_EQ(check(a, config, bridged.result).exit, 0);
}

TEST_F(BigTcp, IsComparedByCheckAndRepaired) {
  raise_uplink();
  for (const std::string mode : {"ptp", "bridge"}) {
    const auto config = with_big_tcp(in_mode(mode));
    const auto added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
    const auto port = host_interface_of(added.result);
    for (const auto& [netns, name] : {std::pair{&a.netns, std::string{"eth0"}}, std::pair{&host, port}}) {
      if (!has_interface(*netns, name)) continue;
      ASSERT_EQ(set_sizes(*netns, name, {{gso_ipv4_size, default_size}}), 0);
      const auto checked = check(a, config, added.result);
      const auto expected = "has gso_ipv4_max_size 65536, expected gso_ipv4_max_size 196608";
      EXPECT_NE(checked.out.find(expected), std::string::npos) << checked;
      EXPECT_NE(vethctl({"check"}).out.find(expected), std::string::npos);
      EXPECT_EQ(vethctl({"repair"}).exit, 0);
      EXPECT_EQ(check(a, config, added.result).exit, 0);
    }
    EXPECT_EQ(del(a, config, added.result).exit, 0);
  }
}

TEST_F(BigTcp, TakesTheSmallestSizesOfSeveralUplinks) {
  raise_uplink();
  run_ip(host, {"link", "add", "second", "type", "veth", "peer", "eth1", "netns", "outside"});
  run_ip(outside, {"link", "set", "eth1", "up"});
  run_ip(host, {"link", "set", "second", "up"});
  run_ip(host, {"address", "add", "10.77.2.1/24", "dev", "second"});
  constexpr std::uint32_t smaller_size = 131072;
  ASSERT_EQ(set_sizes(host, "second", {{gso_ipv4_size, smaller_size}, {gro_ipv4_size, smaller_size}}), 0);
  run_ip(host, {"-4", "route", "replace", "default", "nexthop", "via", "10.77.1.9", "nexthop", "via", "10.77.2.9"});
  const auto added = add(a, with_big_tcp(in_mode("ptp")));
  ASSERT_EQ(added.exit, 0) << added;
  expect_sizes(added.result, smaller_size, default_size);
}

}  // namespace
