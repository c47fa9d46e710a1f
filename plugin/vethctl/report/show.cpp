#include "plugin/vethctl/report/show.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/vethctl/report/format.hpp"
#include "plugin/vethctl/report/table.hpp"

#include <algorithm>

namespace report {
namespace {

using Row = std::vector<std::string>;
using Rows = std::vector<Row>;

void put(Rows& rows, const std::string& name, const std::string& value) {
  if (!value.empty()) rows.push_back({name, value});
}

std::string head(const inspect::Detail& detail, std::size_t width) {
  const auto& attachment = detail.attachment;
  Rows rows;
  put(rows, "network", attachment.identity.network);
  put(rows, "container", attachment.identity.container);
  put(rows, "interface", attachment.identity.interface);
  put(rows, "namespace", attachment.netns);
  put(rows, "peer", attachment.peer_netns);
  put(rows, "state", std::string{inspect::to_string(attachment.state)});
  put(rows, "age", format_age(attachment.age));
  put(rows, "mode", attachment.mode);
  const auto& end = detail.observed.host;
  if (end && end->kind != "veth") put(rows, "device", end->kind);
  put(rows, "bridge", attachment.bridge);
  const bool is_joint = !attachment.ovs_bridge.empty() && !attachment.bridge.starts_with(inspect::ovs_prefix);
  if (is_joint) put(rows, "joined to", std::string{inspect::ovs_prefix} + attachment.ovs_bridge);
  if (attachment.mode == "lease") put(rows, "addresses", text::joined(texts(attachment.addresses), " "));
  put(rows, "ports", text::joined(attachment.ports, " "));
  put(rows, "masquerade", text::joined(texts(attachment.masqueraded), " "));
  return table(rows, width);
}

/// One end: the wanted values of the record and the values of the kernel; null: unknown or missing.
struct End {
  const wiring::End* wanted = nullptr;
  const wiring::ObservedEnd* observed = nullptr;
};

void compare(Rows& rows, const std::string& name, const std::string& wanted, const std::string& observed) {
  rows.push_back({"  " + name, wanted.empty() ? "-" : wanted, observed.empty() ? "-" : observed});
}

/// One row for each wanted value with the observed one beside it, then rows for observed values that are not wanted.
void compare(Rows& rows, const std::string& name, const Row& wanted, Row observed) {
  for (const auto& value : wanted) {
    const bool is_found = std::erase(observed, value) > 0;
    compare(rows, name, value, is_found ? value : "");
  }
  for (const auto& value : observed) compare(rows, name, "", value);
}

Row address_texts(const std::vector<wiring::Address>& addresses) {
  Row all;
  for (const auto& address : addresses) all.push_back(cni::to_string(address.prefix));
  return all;
}

/// The kernel adds a local and a multicast route for each address. They would hide the others.
bool is_kernel_route(const wiring::Route& route) {
  constexpr std::uint32_t local_table = 255;
  return route.table == local_table || cni::is_multicast(route.destination.address);
}

Row route_texts(std::vector<wiring::Route> routes) {
  std::erase_if(routes, is_kernel_route);
  return texts(routes);
}

std::string format_up(const wiring::ObservedEnd* observed) {
  if (observed == nullptr) return "missing";
  return observed->is_up ? "up" : "down";
}

Rows compared(const End& end, const inspect::Detail& detail) {
  Rows rows{{"", "EXPECTED", "ACTUAL"}};
  const bool leaves_down = detail.wanted && detail.wanted->leave_down;
  compare(rows, "state", end.wanted == nullptr ? "" : leaves_down ? "down" : "up", format_up(end.observed));
  compare(rows, "mac", end.wanted != nullptr ? cni::to_string(end.wanted->mac) : "",
          end.observed != nullptr ? cni::to_string(end.observed->mac) : "");
  compare(rows, "mtu", detail.wanted ? std::to_string(detail.wanted->mtu) : "",
          end.observed != nullptr ? std::to_string(end.observed->mtu) : "");
  if (detail.wanted && detail.wanted->big_tcp) {
    compare(rows, "big tcp", wiring::to_string(*detail.wanted->big_tcp),
            end.observed != nullptr
                ? wiring::to_string(wiring::smaller_of(*detail.wanted->big_tcp, end.observed->big_tcp))
                : "");
  }
  compare(rows, "address", end.wanted != nullptr ? address_texts(end.wanted->addresses) : Row{},
          end.observed != nullptr ? texts(end.observed->addresses) : Row{});
  compare(rows, "route", end.wanted != nullptr ? route_texts(end.wanted->routes) : Row{},
          end.observed != nullptr ? route_texts(end.observed->routes) : Row{});
  return rows;
}

std::string on_or_off(bool is_on) { return is_on ? "on" : "off"; }

void compare_port(Rows& rows, const inspect::Detail& detail) {
  if (!detail.wanted || !detail.wanted->bridge) return;
  const auto& wanted = *detail.wanted->bridge;
  const auto& observed = detail.observed.host;
  compare(rows, "hairpin", on_or_off(wanted.hairpin), observed ? on_or_off(observed->is_hairpin) : "");
  compare(rows, "isolation", on_or_off(wanted.isolated), observed ? on_or_off(observed->is_isolated) : "");
  if (wiring::has_vlans(wanted) && detail.observed.bridge) {
    const auto vlans = wiring::port_vlans(wanted, detail.observed.bridge->default_vlan);
    compare(rows, "vlans", wiring::to_string(vlans), observed ? wiring::to_string(observed->vlans) : "");
  }
  if (wanted.check_macs) rows.push_back({"  check of MACs", "on"});
}

std::string format_limit(const std::optional<wiring::RateLimit>& limit) {
  return limit ? format(*limit) : std::string{};
}

/// As the columns of Open vSwitch: of an OvsPort or an ObservedOvsPort.
std::string format_policing(const auto& port) {
  return std::to_string(port.policing_rate) + " kbit/s, burst " + std::to_string(port.policing_burst) + " kbit";
}

/// Ingress and egress are those of the container, as in the configuration.
void compare_limits(Rows& rows, const inspect::Detail& detail) {
  if (!detail.wanted) return;
  const auto& observed = detail.observed;
  const auto& ingress = detail.wanted->ingress_limit;
  const auto& egress = detail.wanted->egress_limit;
  if (ingress) compare(rows, "ingress limit", format_limit(ingress), format_limit(observed.ingress_limit));
  const auto& port = detail.wanted->ovs_port;
  if (port && port->policing_rate != 0) {
    compare(rows, "policing", format_policing(*port), observed.ovs_port ? format_policing(*observed.ovs_port) : "");
  }
  if (!egress) return;
  const bool applies = observed.ifb && observed.ifb->index == observed.redirected_to;
  compare(rows, "egress limit", format_limit(egress), applies ? format_limit(observed.ifb->limit) : "");
}

std::string container_end(const inspect::Detail& detail, std::size_t width) {
  const auto& attachment = detail.attachment;
  if (!detail.wanted) return {};
  const End end{.wanted = &detail.wanted->container,
                .observed = detail.observed.container ? &*detail.observed.container : nullptr};
  return "\n" + attachment.identity.interface + " in namespace " + format_namespace(attachment.netns) + "\n" +
         table(compared(end, detail), width);
}

std::string other_end(const inspect::Detail& detail, std::size_t width) {
  const auto& attachment = detail.attachment;
  const End end{.wanted = detail.wanted ? &detail.wanted->host : nullptr,
                .observed = detail.observed.host ? &*detail.observed.host : nullptr};
  if (end.wanted == nullptr && end.observed == nullptr) return {};
  const auto title = attachment.peer_netns.empty()
                         ? attachment.host_interface + " on the host"
                         : attachment.peer_interface + " in namespace " + format_namespace(attachment.peer_netns);
  auto rows = compared(end, detail);
  compare_port(rows, detail);
  compare_limits(rows, detail);
  return "\n" + title + "\n" + table(rows, width);
}

Row counter_row(const std::string& interface, const char* direction, const kernel::Traffic& traffic) {
  return {interface,
          direction,
          std::to_string(traffic.packets),
          std::to_string(traffic.bytes),
          std::to_string(traffic.errors),
          std::to_string(traffic.dropped)};
}

void put(Rows& rows, const std::string& interface, const std::optional<kernel::Counters>& counters) {
  if (!counters) return;
  rows.push_back(counter_row(interface, "received", counters->received));
  rows.push_back(counter_row("", "sent", counters->sent));
}

std::string counters(const inspect::Detail& detail, std::size_t width) {
  const auto& attachment = detail.attachment;
  Rows rows{{"COUNTERS", "", "PACKETS", "BYTES", "ERRORS", "DROPPED"}};
  put(rows, attachment.identity.interface, detail.container);
  put(rows, attachment.peer_netns.empty() ? attachment.host_interface : attachment.peer_interface, detail.host);
  return rows.size() == 1 ? std::string{} : "\n" + table(rows, width);
}

std::string differences(const inspect::Detail& detail) {
  if (!detail.wanted) return "\nno readable record: the wanted state is unknown\n";
  if (detail.differences.empty()) return "\nno differences\n";
  std::string text = "\ndifferences\n";
  for (const auto& difference : texts(detail.differences)) text += "  " + difference + '\n';
  return text;
}

}  // namespace

std::string show(const inspect::Detail& detail, std::size_t width) {
  return head(detail, width) + container_end(detail, width) + other_end(detail, width) + counters(detail, width) +
         differences(detail);
}

}  // namespace report
