// The lower bound of ADD and DEL: this program creates the kernel objects that plugin/kernel/pair_builder.cpp creates
// in mode "ptp", with the same attributes and in the same order. It reads no input, checks nothing, and writes neither
// state nor a result. It reads CNI_COMMAND, CNI_CONTAINERID (which ends in a number that determines all names and
// addresses), CNI_NETNS and CNI_IFNAME. With an argument it is dual stack. For other commands than ADD and DEL it exits
// at once, which measures the start of a program.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/veth.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "batch.hpp"

namespace floor_program {
namespace {

using Mac = std::array<std::uint8_t, 6>;

constexpr std::uint32_t loopback_index = 1;
constexpr std::uint32_t mtu = 1500;
constexpr std::uint8_t route_protocol = 86;
constexpr std::uint16_t exclusive = NLM_F_CREATE | NLM_F_EXCL;
constexpr std::uint16_t appended = NLM_F_CREATE | NLM_F_APPEND;
constexpr int no_family = 0;

struct Address {
  int family = no_family;
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size() const { return family == AF_INET ? 4 : 16; }
  std::uint8_t bits() const { return static_cast<std::uint8_t>(size() * 8); }
};

Address address(const std::string& text) {
  Address parsed{text.find(':') == std::string::npos ? AF_INET : AF_INET6};
  if (::inet_pton(parsed.family, text.c_str(), parsed.bytes.data()) != 1) fail("parse an address", EINVAL);
  return parsed;
}

Address link_local(const Mac& mac) {
  Address built{AF_INET6};
  built.bytes = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(mac[0] ^ 2), mac[1], mac[2], 0xff, 0xfe};
  built.bytes[13] = mac[3];
  built.bytes[14] = mac[4];
  built.bytes[15] = mac[5];
  return built;
}

struct Attachment {
  std::string host_name;
  std::string container_name;
  std::string alias;
  Mac host_mac;
  Mac container_mac;
  Address ipv4, ipv6;
  Address gateway = address("10.9.0.1");
  Address ipv6_gateway = address("fd00:9::1");
  bool is_dual = false;
};

Attachment attachment_of(const std::string& container, const char* interface, bool is_dual) {
  const auto number = static_cast<unsigned>(std::atoi(&container[container.find_last_of('-') + 1]));
  const auto high = static_cast<std::uint8_t>(number >> 8U);
  const auto low = static_cast<std::uint8_t>(number);
  std::array<char, 64> ipv6{};
  std::snprintf(ipv6.data(), ipv6.size(), "fd00:9::ffff:%x", number);
  return {.host_name = "floor" + std::to_string(number),
          .container_name = interface,
          .alias = "veth-cni/net/" + container + "/" + interface,
          .host_mac = {2, 1, 1, 1, high, low},
          .container_mac = {2, 2, 2, 2, high, low},
          .ipv4 = address("10.9." + std::to_string(high + 200) + "." + std::to_string(low)),
          .ipv6 = address(ipv6.data()),
          .is_dual = is_dual};
}

ifinfomsg link(std::uint32_t index = 0) {
  ifinfomsg header{};
  header.ifi_index = static_cast<int>(index);
  return header;
}

ifinfomsg link_up(std::uint32_t index = 0) {
  auto header = link(index);
  header.ifi_flags = header.ifi_change = IFF_UP;
  return header;
}

void set_link(Batch& batch, const std::string& name) {
  batch.begin(RTM_SETLINK, 0, link());
  batch.put(IFLA_IFNAME, name.c_str());
}

void put_link_attributes(Batch& batch, const std::string& name, const Mac& mac) {
  batch.put(IFLA_ADDRESS, mac.data(), mac.size());
  batch.put(IFLA_MTU, mtu);
  batch.put(IFLA_IFNAME, name.c_str());
}

void create_pair(Batch& batch, const Attachment& attachment, int container) {
  batch.begin(RTM_NEWLINK, exclusive, link_up());
  put_link_attributes(batch, attachment.container_name, attachment.container_mac);
  batch.put(IFLA_NET_NS_FD, static_cast<std::uint32_t>(container));
  const auto info = batch.open(IFLA_LINKINFO);
  batch.put(IFLA_INFO_KIND, "veth");
  const auto data = batch.open(IFLA_INFO_DATA);
  const auto peer = batch.open(VETH_INFO_PEER);
  const auto header = link();
  batch.append(&header, sizeof header);
  put_link_attributes(batch, attachment.host_name, attachment.host_mac);
  batch.close(peer);
  batch.close(data);
  batch.close(info);
}

void set_ipv4(Batch& batch, const std::string& name, std::uint16_t setting) {
  set_link(batch, name);
  const auto families = batch.open(IFLA_AF_SPEC);
  const auto family = batch.open(AF_INET);
  const auto settings = batch.open(IFLA_INET_CONF);
  batch.put(setting, 1U);
  batch.close(settings);
  batch.close(family);
  batch.close(families);
}

void stop_address_generation(Batch& batch, const std::string& name) {
  set_link(batch, name);
  const auto families = batch.open(IFLA_AF_SPEC);
  const auto family = batch.open(AF_INET6);
  const std::uint8_t mode = IN6_ADDR_GEN_MODE_NONE;
  batch.put(IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof mode);
  batch.close(family);
  batch.close(families);
}

void add_address(Batch& batch, std::uint32_t index, const Address& added, std::uint8_t length) {
  const ifaddrmsg header{static_cast<std::uint8_t>(added.family), length, 0, 0, index};
  batch.begin(RTM_NEWADDR, exclusive, header);
  batch.put(IFA_LOCAL, added.bytes.data(), added.size());
  batch.put(IFA_ADDRESS, added.bytes.data(), added.size());
  if (added.family == AF_INET && length < added.bits()) {
    const auto broadcast = address("10.9.255.255");
    batch.put(IFA_BROADCAST, broadcast.bytes.data(), broadcast.size());
  }
  const std::uint32_t nodad = added.family == AF_INET6 ? IFA_F_NODAD : 0;
  batch.put(IFA_FLAGS, IFA_F_NOPREFIXROUTE | nodad);
}

struct Route {
  Address destination;
  std::uint8_t length = 0;
  Address gateway = {};
  Address source = {};
  std::uint16_t flags = appended;
};

void add_route(Batch& batch, std::uint32_t index, const Route& route) {
  rtmsg header{};
  header.rtm_family = static_cast<std::uint8_t>(route.destination.family);
  header.rtm_dst_len = route.length;
  header.rtm_protocol = route_protocol;
  header.rtm_scope = route.gateway.family == no_family ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  batch.begin(RTM_NEWROUTE, route.flags, header);
  batch.put(RTA_DST, route.destination.bytes.data(), route.destination.size());
  batch.put(RTA_TABLE, std::uint32_t{RT_TABLE_MAIN});
  batch.put(RTA_OIF, index);
  if (route.gateway.family != no_family) batch.put(RTA_GATEWAY, route.gateway.bytes.data(), route.gateway.size());
  if (route.source.family != no_family) batch.put(RTA_PREFSRC, route.source.bytes.data(), route.source.size());
}

void set_neighbour(Batch& batch, std::uint32_t index, const Address& neighbour, const Mac& mac) {
  ndmsg header{};
  header.ndm_family = static_cast<std::uint8_t>(neighbour.family);
  header.ndm_ifindex = static_cast<int>(index);
  header.ndm_state = NUD_REACHABLE;
  header.ndm_flags = NTF_EXT_LEARNED;
  batch.begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, header);
  batch.put(NDA_DST, neighbour.bytes.data(), neighbour.size());
  batch.put(NDA_LLADDR, mac.data(), mac.size());
}

void write_setting(const std::string& interface, const char* setting, const char* value) {
  const auto path = "/proc/sys/net/ipv6/conf/" + interface + "/" + setting;
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0 || ::write(file, value, 1) < 0) fail(path.c_str(), errno);
  ::close(file);
}

int open_socket() {
  const int opened = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (opened < 0) fail("open a netlink socket", errno);
  return opened;
}

int open_file(const char* path) {
  const int opened = ::open(path, O_RDONLY | O_CLOEXEC);
  if (opened < 0) fail(path, errno);
  return opened;
}

void enter(int network_namespace) {
  if (::setns(network_namespace, CLONE_NEWNET) < 0) fail("enter a network namespace", errno);
}

void configure_container(int socket, const Attachment& attachment, std::uint32_t index) {
  const auto container_link_local = link_local(attachment.container_mac);
  const auto host_link_local = link_local(attachment.host_mac);
  Batch batch;
  set_ipv4(batch, attachment.container_name, IPV4_DEVCONF_ARP_NOTIFY);
  stop_address_generation(batch, attachment.container_name);
  add_address(batch, index, container_link_local, 64);
  add_address(batch, index, attachment.ipv4, 16);
  if (attachment.is_dual) add_address(batch, index, attachment.ipv6, 64);
  add_route(batch, index, {attachment.gateway, 32, {}, attachment.ipv4});
  add_route(batch, index, {address("10.9.0.0"), 16, attachment.gateway, attachment.ipv4});
  if (attachment.is_dual) add_route(batch, index, {address("fd00:9::"), 64, host_link_local, attachment.ipv6});
  add_route(batch, index, {address("0.0.0.0"), 0, attachment.gateway});
  if (attachment.is_dual) add_route(batch, index, {address("::"), 0, host_link_local});
  if (attachment.is_dual) set_neighbour(batch, index, host_link_local, attachment.host_mac);
  set_neighbour(batch, index, attachment.gateway, attachment.host_mac);
  batch.send(socket);
}

void configure_host(int socket, const Attachment& attachment, std::uint32_t index) {
  const auto container_link_local = link_local(attachment.container_mac);
  Batch batch;
  batch.begin(RTM_SETLINK, 0, link_up(index));
  if (attachment.is_dual) add_address(batch, loopback_index, attachment.ipv6_gateway, 128);
  if (attachment.is_dual) add_address(batch, index, link_local(attachment.host_mac), 128);
  add_address(batch, index, attachment.gateway, 32);
  if (attachment.is_dual) add_route(batch, index, {container_link_local, 128});
  add_route(batch, index, {attachment.ipv4, 32, {}, attachment.gateway, exclusive});
  if (attachment.is_dual) add_route(batch, index, {attachment.ipv6, 128, {}, {}, exclusive});
  if (attachment.is_dual) set_neighbour(batch, index, container_link_local, attachment.container_mac);
  set_neighbour(batch, index, attachment.ipv4, attachment.container_mac);
  if (attachment.is_dual) set_neighbour(batch, index, attachment.ipv6, attachment.container_mac);
  batch.send(socket);
}

void skip_statistics(Batch& batch) { batch.put(IFLA_EXT_MASK, std::uint32_t{RTEXT_FILTER_SKIP_STATS}); }

void add(const Attachment& attachment, const char* netns) {
  const int host = open_file("/proc/self/ns/net");
  const int container = open_file(netns);
  const int host_socket = open_socket();
  Batch creation;
  create_pair(creation, attachment, container);
  set_link(creation, attachment.host_name);
  creation.put(IFLA_IFALIAS, attachment.alias.c_str());
  stop_address_generation(creation, attachment.host_name);
  set_ipv4(creation, attachment.host_name, IPV4_DEVCONF_FORWARDING);
  creation.begin(RTM_GETLINK, 0, link());
  creation.put(IFLA_IFNAME, attachment.host_name.c_str());
  skip_statistics(creation);
  std::uint32_t container_index = 0;
  const auto host_index = creation.send(host_socket, &container_index);
  enter(container);
  const int container_socket = open_socket();
  if (attachment.is_dual) write_setting(attachment.container_name, "ndisc_notify", "1");
  enter(host);
  write_setting(attachment.host_name, "accept_ra", "0");
  configure_container(container_socket, attachment, container_index);
  configure_host(host_socket, attachment, host_index);
  Batch query;
  query.begin(RTM_GETLINK, 0, link(container_index));
  skip_statistics(query);
  query.send(container_socket);
}

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) fail(name, EINVAL);
  return value;
}

void remove(const Attachment& attachment) {
  Batch batch;
  batch.begin(RTM_DELLINK, 0, link());
  batch.put(IFLA_IFNAME, attachment.host_name.c_str());
  batch.send(open_socket());
}

}  // namespace
}  // namespace floor_program

int main(int count, char**) {
  using namespace floor_program;
  const std::string command = variable("CNI_COMMAND");
  if (command != "ADD" && command != "DEL") return EXIT_SUCCESS;
  const auto attachment = attachment_of(variable("CNI_CONTAINERID"), variable("CNI_IFNAME"), count > 1);
  if (command == "ADD") add(attachment, variable("CNI_NETNS"));
  if (command == "DEL") remove(attachment);
}
