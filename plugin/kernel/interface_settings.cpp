#include "plugin/kernel/interface_settings.hpp"

#include "plugin/kernel/message.hpp"
#include "plugin/text/quoted.hpp"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <cerrno>

namespace kernel {
namespace {

void put_flag(const std::optional<bool>& value, unsigned flag, ifinfomsg& header) {
  if (!value) return;
  header.ifi_change |= flag;
  if (*value) header.ifi_flags |= flag;
}

/// All settings but the MAC.
NetlinkRequest set_settings(const Link& link, const wiring::InterfaceSettings& settings) {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = static_cast<int>(link.index);
  put_flag(settings.promiscuous, IFF_PROMISC, header);
  put_flag(settings.all_multicast, IFF_ALLMULTI, header);
  auto message = new_message(RTM_SETLINK, header);
  if (settings.mtu) put_number(message.get(), IFLA_MTU, *settings.mtu);
  if (settings.tx_queue_length) put_number(message.get(), IFLA_TXQLEN, *settings.tx_queue_length);
  return {std::move(message), "change the settings of " + text::quoted(link.name)};
}

/// Interfaces without IFF_LIVE_ADDR_CHANGE return EBUSY while they are up.
void change_mac(const Link& link, const cni::MacAddress& mac, NetlinkSocket& socket) {
  const Device device{link.name, link.index};
  const auto request = batch_of(set_mac(device, mac));
  const auto answers = socket.send(request);
  if (answers.refusals.empty()) return;
  if (answers.refusals.front().error != EBUSY || !link.is_up) throw refusal_error(answers.refusals.front(), request);
  std::vector<NetlinkRequest> requests;
  requests.push_back(bring_down(link.index, link.name));
  requests.push_back(set_mac(device, mac));
  requests.push_back(bring_up(link.index, link.name));
  socket.send_or_throw(requests);
}

}  // namespace

void apply_settings(const Link& link, const wiring::InterfaceSettings& settings, NetlinkSocket& socket) {
  if (settings.mac && *settings.mac != link.mac) change_mac(link, *settings.mac, socket);
  const bool has_others = settings.promiscuous || settings.mtu || settings.all_multicast || settings.tx_queue_length;
  if (has_others) socket.send_or_throw(set_settings(link, settings));
}

wiring::InterfaceSettings current_settings(const Link& link, const wiring::InterfaceSettings& wanted) {
  wiring::InterfaceSettings current;
  if (wanted.mac) current.mac = link.mac;
  if (wanted.promiscuous) current.promiscuous = link.is_promiscuous;
  if (wanted.mtu) current.mtu = link.mtu;
  if (wanted.all_multicast) current.all_multicast = link.is_all_multicast;
  if (wanted.tx_queue_length) current.tx_queue_length = link.tx_queue_length;
  return current;
}

}  // namespace kernel
