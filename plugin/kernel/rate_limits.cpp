#include "plugin/kernel/rate_limits.hpp"

#include "plugin/kernel/links.hpp"
#include "plugin/kernel/qdiscs.hpp"

namespace kernel {

/// The ifb needs no IPv6 address, so address generation is disabled.
void create_ifb(const wiring::Wiring& wiring, std::vector<NetlinkRequest>& requests) {
  const auto name = ifb_name(wiring);
  requests.push_back(create_ifb(name, cni::ifb_mac(cni::tag_of(wiring.attachment)), wiring.mtu));
  requests.push_back(set_alias(name, wiring.attachment));
  requests.push_back(disable_address_generation(name));
  requests.push_back(get_link(name));
}

void add_rate_limits(const wiring::Wiring& wiring, const Device& host, const Device& ifb,
                     std::vector<NetlinkRequest>& requests) {
  if (wiring.ingress_limit) requests.push_back(add_tbf_qdisc(host, *wiring.ingress_limit));
  if (!wiring.egress_limit) return;
  requests.push_back(add_tbf_qdisc(ifb, *wiring.egress_limit));
  requests.push_back(bring_up(ifb.index, ifb.name));
  requests.push_back(add_ingress_qdisc(host));
  requests.push_back(redirect_ingress(host, ifb));
}

void remove_limits(const wiring::Wiring& wiring, NetlinkSocket& socket) {
  std::vector<NetlinkRequest> queries;
  for (const auto& name : {wiring.host.name, ifb_name(wiring)}) queries.push_back(get_link(name));
  const auto answers = socket.send_or_throw(queries);
  std::vector<NetlinkRequest> requests;
  if (const auto host = find_link_named(wiring.host.name, answers)) {
    requests.push_back(delete_root_qdisc({host->name, host->index}));
    requests.push_back(delete_ingress_qdisc({host->name, host->index}));
  }
  const auto ifb = find_link_named(ifb_name(wiring), answers);
  if (ifb && ifb->alias == cni::alias_of(wiring.attachment)) requests.push_back(delete_link(ifb->index, ifb->name));
  if (!requests.empty()) socket.send_or_throw(requests);
}

namespace {

std::optional<wiring::RateLimit> observe_limit(NetlinkSocket& socket, const Device& device) {
  for (const auto& message : socket.send_or_throw(get_root_qdisc(device))) {
    if (const auto limit = find_rate_limit(message)) return limit;
  }
  return std::nullopt;
}

std::optional<wiring::ObservedIfb> observe_ifb(NetlinkSocket& socket, const std::string& name) {
  const auto link = first_link(socket.send_or_throw(get_link(name)));
  if (!link) return std::nullopt;
  return wiring::ObservedIfb{.index = link->index,
                             .alias = link->alias,
                             .is_up = link->is_up,
                             .limit = observe_limit(socket, {name, link->index})};
}

std::uint32_t observe_redirection(NetlinkSocket& socket, const Device& device) {
  for (const auto& message : socket.dump(list_ingress_filters(device))) {
    if (const auto target = find_redirection(message)) return *target;
  }
  return 0;
}

}  // namespace

void observe_limits(NetlinkSocket& socket, const wiring::Wiring& wanted, wiring::Observed& observed) {
  if (!observed.host) return;
  const Device host{wanted.host.name, observed.host->index};
  if (wanted.ingress_limit) observed.ingress_limit = observe_limit(socket, host);
  if (!wanted.egress_limit) return;
  observed.ifb = observe_ifb(socket, ifb_name(wanted));
  observed.redirected_to = observe_redirection(socket, host);
}

}  // namespace kernel
