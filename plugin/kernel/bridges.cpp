#include "plugin/kernel/bridges.hpp"

#include "plugin/kernel/message.hpp"
#include "plugin/text/quoted.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace kernel {
namespace {

ifinfomsg header_of(std::uint32_t index, int family = AF_UNSPEC) {
  ifinfomsg header{};
  header.ifi_family = static_cast<unsigned char>(family);
  header.ifi_index = static_cast<int>(index);
  return header;
}

void put_flag(nl_msg* message, int attribute, bool value) {
  nla_put_u8(message, attribute, static_cast<std::uint8_t>(value));
}

}  // namespace

NetlinkRequest create_bridge(const std::string& name, const cni::MacAddress& mac, std::uint32_t mtu,
                             bool filters_vlans) {
  auto message = new_message(RTM_NEWLINK, header_of(0), NLM_F_CREATE | NLM_F_EXCL);
  put_text(message.get(), IFLA_IFNAME, name);
  put_mac(message.get(), IFLA_ADDRESS, mac);
  put_number(message.get(), IFLA_MTU, mtu);
  nlattr* info = nla_nest_start(message.get(), IFLA_LINKINFO);
  put_text(message.get(), IFLA_INFO_KIND, "bridge");
  if (filters_vlans) {
    nlattr* data = nla_nest_start(message.get(), IFLA_INFO_DATA);
    put_flag(message.get(), IFLA_BR_VLAN_FILTERING, true);
    nla_nest_end(message.get(), data);
  }
  nla_nest_end(message.get(), info);
  return {std::move(message),
          "create bridge " + text::quoted(name) + (filters_vlans ? " with VLAN filtering" : ""),
          {EEXIST}};
}

NetlinkRequest set_promiscuous(const Device& bridge) {
  auto header = header_of(bridge.index);
  header.ifi_flags = IFF_PROMISC;
  header.ifi_change = IFF_PROMISC;
  return {new_message(RTM_SETLINK, header), "set " + text::quoted(bridge.name) + " promiscuous"};
}

NetlinkRequest enslave(const std::string& port, const Device& bridge) {
  auto message = new_message(RTM_SETLINK, header_of(0));
  put_text(message.get(), IFLA_IFNAME, port);
  put_number(message.get(), IFLA_MASTER, bridge.index);
  return {std::move(message), "make " + text::quoted(port) + " a port of bridge " + text::quoted(bridge.name)};
}

// RTM_NEWLINK without NLM_F_CREATE finds the port by its name. RTM_SETLINK of family bridge needs the index, which is
// not known yet in the sendmsg that creates the pair.
NetlinkRequest set_port_flags(const std::string& port, const wiring::Bridge& bridge) {
  auto message = new_message(RTM_NEWLINK, header_of(0));
  put_text(message.get(), IFLA_IFNAME, port);
  nlattr* info = nla_nest_start(message.get(), IFLA_LINKINFO);
  put_text(message.get(), IFLA_INFO_SLAVE_KIND, "bridge");
  nlattr* data = nla_nest_start(message.get(), IFLA_INFO_SLAVE_DATA);
  put_flag(message.get(), IFLA_BRPORT_MODE, bridge.hairpin);
  put_flag(message.get(), IFLA_BRPORT_ISOLATED, bridge.isolated);
  nla_nest_end(message.get(), data);
  nla_nest_end(message.get(), info);
  return {std::move(message), "set hairpin and isolation of port " + text::quoted(port)};
}

}  // namespace kernel
