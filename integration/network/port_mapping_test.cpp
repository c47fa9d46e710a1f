// Port mappings: every path to a container by a port of its host, packets that must not be redirected, and the owner of
// a port.
#include "integration/support/call.hpp"
#include "integration/support/client.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/nftables.hpp"
#include "integration/support/outside_host.hpp"
#include "integration/support/parallel.hpp"
#include "integration/support/service.hpp"
#include "integration/support/slowness.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/socket_address.hpp"
#include "integration/support/state_folder.hpp"
#include "integration/support/sysctl.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr std::uint16_t host_port = 8080;
constexpr std::uint16_t container_port = 80;

/// Port 8080 of the host to port 80 of the container, for every protocol.
json mappings(const std::vector<std::string>& host_addresses = {""}) {
  json all = json::array();
  for (const auto protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
    for (const auto& address : host_addresses) {
      all.push_back({{"hostPort", host_port},
                     {"containerPort", container_port},
                     {"protocol", name_of(protocol)},
                     {"hostIP", address}});
    }
  }
  return all;
}

std::vector<Protocol> known_protocols() {
  std::vector<Protocol> known{Protocol::tcp, Protocol::udp};
  if (is_supported(Protocol::sctp)) known.push_back(Protocol::sctp);
  return known;
}

json with_ports(json config, const json& port_mappings) {
  config["runtimeConfig"]["portMappings"] = port_mappings;
  return config;
}

void filter_bridged_packets(bool on) {
  for (const char* setting : {"bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables"})
    set_sysctl(Namespace::host(), setting, on ? "1" : "0");
}

/// One path to the container.
struct Path {
  std::string name;
  const Namespace& from;
  std::string address;
  std::string source = {};  ///< the source address that the container sees; empty: any address of the host
};

class PortMapping : public testing::Test {
 protected:
  json config = with_ports(in_mode("ptp"), mappings());

  std::string seen(const Namespace& from, const std::string& address, Protocol protocol = Protocol::udp) const {
    return seen_as(from, {protocol, address, host_port}, reply_timeout);
  }

  void expect_path(const Path& path) const {
    for (const auto protocol : known_protocols()) {
      const auto source = seen(path.from, path.address, protocol);
      const bool is_right = path.source.empty() ? !source.empty() : source == path.source;
      EXPECT_TRUE(is_right) << path.name << ", " << name_of(protocol) << " to " << path.address << ": seen as \""
                            << source << '"';
    }
  }

  Namespace host = Namespace::host();
  OutsideHost outside;
  Container a{"a"};
  Container b{"b"};
  std::chrono::milliseconds reply_timeout{1000};
};

struct PortMappingVariant {
  std::string name;
  std::string mode;
  bool is_filtered = false;  ///< bridged packets pass through netfilter
};

std::ostream& operator<<(std::ostream& stream, const PortMappingVariant& variant) { return stream << variant.name; }

class PortMappingInEachMode : public PortMapping, public testing::WithParamInterface<PortMappingVariant> {
 protected:
  PortMappingInEachMode() {
    filter_bridged_packets(GetParam().is_filtered);
    config = with_ports(in_mode(GetParam().mode), mappings());
  }

  /// All paths of one family. Packets of another container on the bridge are masqueraded, since the reply would bypass
  /// netfilter; this is not needed where bridged packets pass through netfilter. There the kernel drops packets from
  /// ::1.
  std::vector<Path> paths(int family, const json& other_result) const {
    const auto [name, mode, is_filtered] = GetParam();
    const auto gateway = gateway_of(other_result, family);
    const auto own = OutsideHost::host_address(family);
    std::vector<Path> paths{{"from outside", outside.netns, own, OutsideHost::address(family)},
                            {"host to its address", host, own, own},
                            {"host to the gateway's address", host, gateway, gateway},
                            {"the container itself", a.netns, own},
                            {"the container itself by the gateway's address", a.netns, gateway},
                            {"another container", b.netns, own, source_of_other_container(family, other_result)}};
    if (family == 4) paths.push_back({"host to 127.0.0.1", host, "127.0.0.1"});
    if (family == 4) paths.push_back({"host to 127.0.0.5", host, "127.0.0.5"});
    if (family == 6 && !is_filtered) paths.push_back({"host to ::1", host, "::1"});
    return paths;
  }

  static std::string source_of_other_container(int family, const json& other_result) {
    const bool is_masqueraded = GetParam().mode == "bridge" && !GetParam().is_filtered;
    return is_masqueraded ? gateway_of(other_result, family) : address_of(other_result, family);
  }
};

INSTANTIATE_TEST_SUITE_P(, PortMappingInEachMode,
                         testing::Values(PortMappingVariant{"ptp", "ptp"}, PortMappingVariant{"bridge", "bridge"},
                                         PortMappingVariant{"filtered_bridge", "bridge", true}),
                         [](const auto& instance) { return instance.param.name; });

TEST_P(PortMappingInEachMode, IsReachedByEveryPath) {
  const auto first = add(a, config);
  const auto second = add(b, in_mode(GetParam().mode));
  ASSERT_EQ(first.exit + second.exit, 0) << first << second;
  const Service service{a.netns, container_port};
  for (const int family : {4, 6}) {
    for (const auto& path : paths(family, second.result)) expect_path(path);
  }
  EXPECT_EQ(check(a, config, first.result).exit, 0) << check(a, config, first.result);
}

TEST_P(PortMappingInEachMode, IsRemovedByDelWithoutRuntimeConfig) {
  ASSERT_EQ(add(a, config).exit, 0);
  EXPECT_FALSE(own_elements().empty());
  EXPECT_EQ(del(a, in_mode(GetParam().mode)).exit, 0);
  EXPECT_TRUE(own_elements().empty());
}

TEST_F(PortMapping, WorksOverSctpIfTheKernelSupportsIt) {
  if (!is_supported(Protocol::sctp)) GTEST_SKIP() << "NOT RUN: this kernel has no SCTP";
  ASSERT_EQ(add(a, config).exit, 0);
  const Service service{a.netns, container_port};
  EXPECT_EQ(seen(outside.netns, OutsideHost::host_address(4), Protocol::sctp), OutsideHost::address(4));
}

TEST_F(PortMapping, WithHostIpIsReachableOnlyAtThatAddress) {
  ASSERT_EQ(add(a, with_ports(config, mappings({"203.0.113.1", "2001:db8::1"}))).exit, 0);
  const Service service{a.netns, container_port};
  reply_timeout = short_timeout;
  for (const int family : {4, 6}) {
    expect_path({"from outside", outside.netns, OutsideHost::host_address(family), OutsideHost::address(family)});
    expect_path({"host to its address", host, OutsideHost::host_address(family)});
    expect_path({"the container itself", a.netns, OutsideHost::host_address(family)});
    EXPECT_EQ(seen(host, family == 4 ? "10.1.2.1" : "fd00:1:2::1"), "");
    EXPECT_EQ(seen(host, family == 4 ? "127.0.0.1" : "::1"), "");
  }
}

TEST_F(PortMapping, OnLoopbackIsReachableOnlyFromTheHost) {
  ASSERT_EQ(add(a, with_ports(config, mappings({"127.0.0.1", "::1"}))).exit, 0);
  const Service service{a.netns, container_port};
  reply_timeout = short_timeout;
  for (const int family : {4, 6}) {
    expect_path({"host to itself", host, family == 4 ? "127.0.0.1" : "::1"});
    EXPECT_EQ(seen(outside.netns, OutsideHost::host_address(family)), "");
    EXPECT_EQ(seen(host, OutsideHost::host_address(family)), "");
  }
}

TEST_F(PortMapping, GivesOnePortToTwoContainersOnTwoAddresses) {
  run_ip(host, {"address", "add", "203.0.113.2/24", "dev", "wire0"});
  ASSERT_EQ(add(a, with_ports(config, mappings({"203.0.113.1"}))).exit, 0);
  ASSERT_EQ(add(b, with_ports(config, mappings({"203.0.113.2"}))).exit, 0);
  const Service first{a.netns, container_port};
  EXPECT_EQ(seen(outside.netns, "203.0.113.1", Protocol::tcp), OutsideHost::address(4));
  EXPECT_EQ(seen_as(outside.netns, {Protocol::tcp, "203.0.113.2", host_port}, short_timeout), "")
      << "no service listens there";
  const Service second{b.netns, container_port};
  EXPECT_EQ(seen(outside.netns, "203.0.113.2", Protocol::tcp), OutsideHost::address(4));
}

// CVE-2025-67499. No service listens in a, so a packet that is redirected to it by mistake is lost.
TEST_F(PortMapping, LeavesForwardedPacketsToTheirDestinations) {
  const auto mapped = add(a, config);
  const auto added = add(b, in_mode("ptp"));
  ASSERT_EQ(mapped.exit + added.exit, 0) << mapped << added;
  for (const char* prefix : {"10.1.2.0/24", "fd00:1:2::/64"}) outside.add_route(prefix);
  const Service inside{b.netns, host_port};
  const Service foreign{outside.netns, host_port};
  for (const int family : {4, 6}) {
    for (const auto protocol : known_protocols()) {
      EXPECT_EQ(seen(b.netns, OutsideHost::address(family), protocol), address_of(added.result, family));
      EXPECT_EQ(seen(outside.netns, address_of(added.result, family), protocol), OutsideHost::address(family));
      EXPECT_EQ(seen(host, OutsideHost::address(family), protocol), OutsideHost::host_address(family));
    }
  }
}

/// Routes packets of the container for 127.0.0.1 to the host.
void route_loopback_to_host(const Container& container) {
  set_sysctl(container.netns, "ipv4/conf/eth0/route_localnet", "1");
  run_ip(container.netns, {"route", "add", "127.0.0.0/8", "via", "10.1.2.1", "dev", "eth0"});
}

/// Filters on the links do this, which no flush of nftables removes.
TEST_P(PortMappingInEachMode, KeepsTheLoopbackOfTheHostClosed) {
  const json limit{{"egressRate", 1'000'000'000}, {"egressBurst", 1'000'000'000}};
  for (const json& change :
       {json::object(), json{{"ipspoofchk", false}}, json{{"ipspoofchk", false}, {"bandwidth", limit}}}) {
    auto changed = config;
    changed.update(change);
    const auto added = add(a, changed);
    ASSERT_EQ(added.exit, 0) << added;
    nft({"flush", "ruleset"});
    const Service secret{host, 9000, "127.0.0.1"};
    route_loopback_to_host(a);
    for (const auto protocol : known_protocols()) {
      EXPECT_EQ(seen_as(a.netns, {protocol, "127.0.0.1", 9000}, short_timeout), "") << change << name_of(protocol);
    }
    EXPECT_EQ(del(a, changed).exit, 0);
  }
}

TEST_P(PortMappingInEachMode, ClosesTheLoopbackOfTheHostByFilters) {
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  nft({"flush", "ruleset"});
  const Service secret{host, 9000, "127.0.0.1"};
  route_loopback_to_host(a);
  ASSERT_EQ(run({.argv = {"tc", "qdisc", "delete", "dev", host_interface_of(added.result), "ingress"}}).exit, 0);
  EXPECT_EQ(seen_as(a.netns, {Protocol::udp, "127.0.0.1", 9000}), "10.1.2.2") << "the test before cannot fail";
}

/// All containers share the bridge, on which route_localnet is set: c is there before, b comes later.
TEST_P(PortMappingInEachMode, KeepsTheLoopbackOfTheHostClosedToOtherContainers) {
  auto unmapped = config;
  unmapped.erase("runtimeConfig");
  Container c{"c"};
  ASSERT_EQ(add(c, unmapped).exit, 0);
  ASSERT_EQ(add(a, config).exit, 0);
  ASSERT_EQ(add(b, unmapped).exit, 0);
  nft({"flush", "ruleset"});
  const Service secret{host, 9000, "127.0.0.1"};
  for (const auto* container : {&b, &c}) {
    route_loopback_to_host(*container);
    for (const auto protocol : known_protocols()) {
      EXPECT_EQ(seen_as(container->netns, {protocol, "127.0.0.1", 9000}, short_timeout), "") << container->id;
    }
  }
}

TEST_P(PortMappingInEachMode, RestoresTheLoopbackGuard) {
  auto changed = config;
  changed["ipspoofchk"] = false;
  const auto added = add(a, changed);
  ASSERT_EQ(added.exit, 0) << added;
  const auto device = host_interface_of(added.result);
  for (const std::vector<std::string>& change :
       {std::vector<std::string>{"tc", "qdisc", "delete", "dev", device, "ingress"},
        std::vector<std::string>{"tc", "filter", "delete", "dev", device, "ingress", "pref", "1"}}) {
    ASSERT_EQ(run({.argv = change}).exit, 0);
    const auto checked = check(a, changed, added.result);
    EXPECT_EQ(code_of(checked), 104);
    EXPECT_NE(checked.out.find("does not drop packets for 127.0.0.0/8"), std::string::npos) << checked;
    EXPECT_EQ(vethctl({"repair"}).exit, 0);
    EXPECT_EQ(check(a, changed, added.result).exit, 0);
  }
}

TEST_F(PortMapping, IsRefusedToASecondContainer) {
  ASSERT_EQ(add(a, config).exit, 0);
  const auto before = Snapshot::take();
  const auto refused = add(b, config);
  EXPECT_EQ(code_of(refused), 106) << refused;
  for (const char* words : {"host port 8080/tcp", R"(interface \"eth0\" of container \"a\" of network \"net\")"})
    EXPECT_NE(refused.out.find(words), std::string::npos) << refused;
  EXPECT_TRUE(unchanged_since(before));
  const Service service{a.netns, container_port};
  EXPECT_EQ(seen(outside.netns, OutsideHost::host_address(4)), OutsideHost::address(4));
}

TEST_F(PortMapping, IsGivenToOneOfManyConcurrentAdds) {
  constexpr std::size_t many = 8;
  std::deque<Container> containers;
  for (std::size_t number = 0; number < many; ++number) containers.push_back(Container{"c" + std::to_string(number)});
  std::vector<Answer> answers(many);
  in_parallel(many, many, [&](std::size_t number) { answers.at(number) = add(containers.at(number), config); });
  std::map<int, std::size_t> codes;
  for (const auto& answer : answers) ++codes[code_of(answer)];
  EXPECT_EQ(codes, (std::map<int, std::size_t>{{0, 1}, {106, many - 1}}));
  std::set<std::string> owners;
  for (const auto& element : own_elements()) owners.insert(element.comment);
  EXPECT_EQ(owners.size(), 1U) << "a refused ADD left an element";
}

/// Packets that others redirect from loopback to loopback keep their source.
TEST_F(PortMapping, DoesNotChangeForeignLoopbackRedirections) {
  ASSERT_EQ(add(a, config).exit, 0);
  load_ruleset(
      "table ip dns {\n"
      "  chain output {\n"
      "    type nat hook output priority -100; policy accept;\n"
      "    ip daddr 127.0.0.1 udp dport 53 redirect to :5353\n"
      "  }\n"
      "}\n");
  const Service service{host, 5353};
  EXPECT_EQ(seen_as(host, {Protocol::udp, "127.0.0.1", 53}), "127.0.0.1");
}

TEST_F(PortMapping, WithoutHostIpConflictsWithOneWithHostIp) {
  ASSERT_EQ(add(a, config).exit, 0);
  const auto refused = add(b, with_ports(in_mode("ptp"), mappings({"127.0.0.1"})));
  EXPECT_EQ(code_of(refused), 106) << refused;
}

TEST_F(PortMapping, SetsRouteLocalnetOnlyIfLoopbackIsMapped) {
  const auto added = add(a, with_ports(in_mode("ptp"), mappings({OutsideHost::host_address(4)})));
  ASSERT_EQ(added.exit, 0) << added;
  const auto setting = "ipv4/conf/" + host_interface_of(added.result) + "/route_localnet";
  EXPECT_EQ(sysctl_of(host, setting), "0");
}

/// `vethctl clean` deletes the chain `guard`. Before, it clears route_localnet of the bridge.
TEST_F(PortMapping, CleanDisablesRouteLocalnetOnTheBridge) {
  const auto bridged = with_ports(in_mode("bridge"), mappings());
  ASSERT_EQ(add(a, bridged).exit, 0);
  ASSERT_EQ(add(b, in_mode("bridge")).exit, 0);
  const std::string setting = "ipv4/conf/br0/route_localnet";
  ASSERT_NE(sysctl_of(host, setting), "0");
  ASSERT_EQ(del(a, bridged).exit, 0);
  ASSERT_EQ(run({.argv = {executables() + "/vethctl", "clean"}}).exit, 0);
  EXPECT_EQ(own_rules(), "");
  EXPECT_EQ(sysctl_of(host, setting), "0");
  for (const auto& route : ip(host, {"-6", "route", "show", "table", "local", "dev", "br0"})) {
    EXPECT_NE(route.at("dst"), "::1");
  }
}

/// A UDP request that has been received and not yet been answered.
class PendingReply {
 public:
  PendingReply(const Namespace& from, const Namespace& to, const std::string& address)
      : client_(socket_in(from, SocketAddress{address, host_port}.domain(), SOCK_DGRAM, 0)),
        server_(socket_in(to, SocketAddress{address, host_port}.domain(), SOCK_DGRAM, 0)) {
    const SocketAddress there{address, host_port};
    char request = '?';
    EXPECT_EQ(::bind(server_.get(), there.get(), there.size), 0);
    EXPECT_EQ(::sendto(client_.get(), &request, 1, 0, there.get(), there.size), 1);
    EXPECT_TRUE(is_readable(server_));
    EXPECT_EQ(::recvfrom(server_.get(), &request, 1, 0, requester_.get(), &requester_.size), 1);
  }

  bool arrives() const {
    const char reply = '!';
    EXPECT_EQ(::sendto(server_.get(), &reply, 1, 0, requester_.get(), requester_.size), 1);
    return is_readable(client_);
  }

 private:
  static bool is_readable(const posix::FileDescriptor& socket) {
    pollfd waiting{socket.get(), POLLIN, 0};
    return ::poll(&waiting, 1, 1000) == 1;
  }

  posix::FileDescriptor client_;
  posix::FileDescriptor server_;
  SocketAddress requester_;
};

TEST_F(PortMapping, DoesNotDeleteFlowsToOtherHosts) {
  auto masqueraded = in_mode("ptp");
  masqueraded["ipMasq"] = true;
  ASSERT_EQ(add(b, masqueraded).exit, 0);
  for (const int family : {4, 6}) {
    const PendingReply sent_before_add{b.netns, outside.netns, OutsideHost::address(family)};
    ASSERT_EQ(add(a, config).exit, 0);
    EXPECT_TRUE(sent_before_add.arrives()) << "ADD, IPv" << family;
    ASSERT_EQ(del(a, config).exit, 0);
  }
  ASSERT_EQ(add(a, config).exit, 0);
  const PendingReply ipv4{b.netns, outside.netns, OutsideHost::address(4)};
  const PendingReply ipv6{b.netns, outside.netns, OutsideHost::address(6)};
  ASSERT_EQ(del(a, config).exit, 0);
  EXPECT_TRUE(ipv4.arrives() && ipv6.arrives()) << "DEL";
}

/// The mapping has several ports, each on one address of the host.
TEST_F(PortMapping, DoesNotDeleteFlowsToManyPortsOnOtherHosts) {
  auto masqueraded = in_mode("ptp");
  masqueraded["ipMasq"] = true;
  ASSERT_EQ(add(b, masqueraded).exit, 0);
  json ports = json::array();
  for (int port = host_port - 9; port <= host_port; ++port) {
    ports.push_back({{"hostPort", port}, {"containerPort", port}, {"protocol", "udp"}, {"hostIP", "203.0.113.9"}});
    ports.push_back({{"hostPort", port}, {"containerPort", port}, {"protocol", "udp"}, {"hostIP", "2001:db8::1"}});
  }
  const PendingReply ipv4{b.netns, outside.netns, OutsideHost::address(4)};
  const PendingReply ipv6{b.netns, outside.netns, OutsideHost::address(6)};
  const auto added = add(a, with_ports(in_mode("ptp"), ports));
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_TRUE(ipv4.arrives() && ipv6.arrives());
}

/// A mapping uses the first address of the container, so the reply has to come from that address.
TEST_P(PortMappingInEachMode, IsAnsweredFromTheFirstOfSeveralAddresses) {
  config["ipam"] = veth_ipam({"10.1.2.0/24", "fd00:1:2::/64", "10.1.9.0/24", "fd00:1:9::/64"});
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const Service service{a.netns, container_port};
  for (const int family : {4, 6}) {
    expect_path({"from outside", outside.netns, OutsideHost::host_address(family), OutsideHost::address(family)});
  }
  EXPECT_EQ(check(a, config, added.result).exit, 0);
}

/// The flows of all ports are deleted with one list.
TEST_F(PortMapping, DeletesEarlierFlowsOfManyUdpPorts) {
  ASSERT_EQ(add(b, config).exit, 0);
  const UdpClient client{outside.netns, OutsideHost::host_address(4), 9007};
  EXPECT_EQ(client.seen_as(short_timeout), "");
  json ports = json::array();
  for (int port = 9000; port < 9020; ++port) {
    ports.push_back({{"hostPort", port}, {"containerPort", port}, {"protocol", "udp"}});
  }
  ASSERT_EQ(add(a, with_ports(in_mode("ptp"), ports)).exit, 0);
  const Service service{a.netns, 9007};
  EXPECT_EQ(client.seen_as(), OutsideHost::address(4));
}

/// As runtimes request the range 10000-20000: one element for each port.
TEST_F(PortMapping, OfTenThousandPortsIsAccepted) {
  constexpr std::size_t mapped = 10001;
  auto& wanted = config["runtimeConfig"]["portMappings"] = json::array();
  for (int port = 10000; port <= 20000; ++port)
    wanted.push_back({{"hostPort", port}, {"containerPort", port}, {"protocol", "udp"}});
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added.result.value("msg", "");
  EXPECT_EQ(own_elements().size(), 2 * (mapped + 1) + 1)
      << "in each family the ports and one hairpin element, and the owner element";
  for (const std::uint16_t port : {std::uint16_t{10000}, std::uint16_t{20000}}) {
    const Service service{a.netns, port};
    for (const int family : {4, 6}) {
      EXPECT_EQ(seen_as(outside.netns, {Protocol::udp, OutsideHost::host_address(family), port}),
                OutsideHost::address(family));
    }
  }
  EXPECT_EQ(check(a, config, added.result).exit, 0);
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_TRUE(own_elements().empty());
}

TEST_F(PortMapping, OfTenThousandPortsConflictsWithAMappingOfOneOfThem) {
  ASSERT_EQ(add(a, with_ports(in_mode("ptp"), json::array({{{"hostPort", 15000}, {"containerPort", 80}}}))).exit, 0);
  auto& wanted = config["runtimeConfig"]["portMappings"] = json::array();
  for (int port = 10000; port <= 20000; ++port) wanted.push_back({{"hostPort", port}, {"containerPort", port}});
  const auto refused = add(b, config);
  EXPECT_EQ(code_of(refused), 106);
  EXPECT_NE(refused.out.find("15000/tcp"), std::string::npos) << refused;
}

/// The kernel deletes the interfaces of a namespace some time after the namespace.
void wait_until_gone(const std::string& interface) {
  using namespace std::chrono_literals;
  const auto deadline = std::chrono::steady_clock::now() + 10s * slowness();
  while (has_interface(Namespace::host(), interface)) {
    if (std::chrono::steady_clock::now() > deadline) FAIL() << "interface " << interface << " still exists after 10 s";
    std::this_thread::sleep_for(1ms);
  }
}

TEST_F(PortMapping, IsReclaimedFromAStaleContainer) {
  const auto first = add(a, config);
  ASSERT_EQ(first.exit, 0) << first;
  a.netns.remove();
  ASSERT_NO_FATAL_FAILURE(wait_until_gone(host_interface_of(first.result)));
  const auto second = add(b, config);
  ASSERT_EQ(second.exit, 0) << second;
  EXPECT_TRUE(own_sets_with(address_of(first.result, 4)).empty());
  const Service service{b.netns, container_port};
  EXPECT_EQ(seen(outside.netns, OutsideHost::host_address(4)), OutsideHost::address(4));
}

TEST_F(PortMapping, IsReclaimedFromAStaleContainerWithoutARecord) {
  const auto first = add(a, config);
  ASSERT_EQ(first.exit, 0) << first;
  run_ip(a.netns, {"link", "delete", "eth0"});
  std::filesystem::remove_all(state_root);
  EXPECT_EQ(add(b, config).exit, 0);
}

// A client that keeps its port has a conntrack entry from before the mapping, or one to a container that was deleted.
// The kernel tracks flows only where a rule needs it, so a first ADD comes before the first flow.
TEST_P(PortMappingInEachMode, TakesOverExistingFlows) {
  ASSERT_EQ(add(a, config).exit + del(a, config).exit, 0);
  for (const int family : {4, 6}) {
    const UdpClient client{outside.netns, OutsideHost::host_address(family), host_port};
    for (auto* container : {&a, &b}) {
      EXPECT_EQ(client.seen_as(short_timeout), "") << "no service listens yet";
      ASSERT_EQ(add(*container, config).exit, 0);
      const Service service{container->netns, container_port};
      EXPECT_EQ(client.seen_as(), OutsideHost::address(family)) << container->id << ", IPv" << family;
      ASSERT_EQ(del(*container, config).exit, 0);
      const Service of_host{host, host_port};
      EXPECT_EQ(client.seen_as(), OutsideHost::address(family)) << "the host itself, IPv" << family;
    }
  }
}

TEST_F(PortMapping, WithoutSnatWorksForClientsOutside) {
  config["snat"] = false;
  ASSERT_EQ(add(a, config).exit, 0);
  const Service service{a.netns, container_port};
  reply_timeout = short_timeout;
  for (const int family : {4, 6}) {
    const auto own = OutsideHost::host_address(family);
    expect_path({"from outside", outside.netns, own, OutsideHost::address(family)});
    EXPECT_EQ(seen(a.netns, own), "") << "the container itself";
    EXPECT_EQ(seen(host, family == 4 ? "127.0.0.1" : "::1"), "") << "loopback";
  }
}

TEST_F(PortMapping, WithMasqAllMasqueradesEveryClient) {
  config["masqAll"] = true;
  ASSERT_EQ(add(a, config).exit, 0);
  const Service service{a.netns, container_port};
  for (const int family : {4, 6}) {
    for (const auto protocol : known_protocols()) {
      const auto source = seen(outside.netns, OutsideHost::host_address(family), protocol);
      EXPECT_NE(source, "");
      EXPECT_NE(source, OutsideHost::address(family));
    }
  }
}

struct RefusedKey {
  std::string key;
  json value;
};

TEST_F(PortMapping, RefusesKeysForIptablesOrMarks) {
  const auto before = Snapshot::take();
  const std::vector<RefusedKey> refused_keys{{"conditionsV4", {"-s", "10.0.0.0/8"}},
                                             {"conditionsV6", {"-s", "fd00::/8"}},
                                             {"markMasqBit", 14},
                                             {"externalSetMarkChain", "KUBE-MARK-MASQ"},
                                             {"backend", "iptables"}};
  for (const auto& [key, value] : refused_keys) {
    auto wrong = config;
    wrong[key] = value;
    const auto added = add(a, wrong);
    EXPECT_EQ(code_of(added), 2) << key << added;
    EXPECT_NE(added.out.find(key), std::string::npos) << added;
  }
  EXPECT_TRUE(unchanged_since(before));
}

/// A command that removes rules or elements, and a path that does not work without them.
struct NeededRule {
  std::string command;  ///< of nft
  std::string mode;
  const char* from;  ///< outside, host, a or b
  std::string address;
};

// Shows that the tests above can fail.
TEST_F(PortMapping, NeedsEachOfItsRules) {
  filter_bridged_packets(false);
  const std::vector<NeededRule> needed_rules{{"flush map inet veth_cni ports4", "ptp", "outside", "203.0.113.1"},
                                             {"flush map inet veth_cni ports6", "ptp", "outside", "2001:db8::1"},
                                             {"flush chain inet veth_cni prerouting", "ptp", "outside", "203.0.113.1"},
                                             {"flush chain inet veth_cni output", "ptp", "host", "203.0.113.1"},
                                             {"flush chain inet veth_cni port_sources", "ptp", "host", "127.0.0.1"},
                                             {"flush chain inet veth_cni port_sources", "ptp", "host", "::1"},
                                             {"flush set inet veth_cni self4", "ptp", "a", "203.0.113.1"},
                                             {"flush set inet veth_cni self6", "ptp", "a", "2001:db8::1"},
                                             {"flush set inet veth_cni neighbours4", "bridge", "b", "203.0.113.1"},
                                             {"flush set inet veth_cni neighbours6", "bridge", "b", "2001:db8::1"}};
  for (const auto& [command, mode, from, address] : needed_rules) {
    ASSERT_EQ(add(a, with_ports(in_mode(mode), mappings())).exit + add(b, in_mode(mode)).exit, 0);
    const Service service{a.netns, container_port};
    const std::string name{from};
    const auto& client = name == "outside" ? outside.netns : name == "a" ? a.netns : name == "b" ? b.netns : host;
    EXPECT_NE(seen(client, address, Protocol::tcp), "") << command;
    nft({command});
    EXPECT_EQ(seen_as(client, {Protocol::tcp, address, host_port}, short_timeout), "") << command;
    nft({"flush", "ruleset"});
    ASSERT_EQ(del(a, in_mode(mode)).exit + del(b, in_mode(mode)).exit, 0);
  }
}

}  // namespace
