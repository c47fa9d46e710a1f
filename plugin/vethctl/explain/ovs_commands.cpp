#include "plugin/vethctl/explain/ovs_commands.hpp"

#include "plugin/cni/mode_config.hpp"

namespace explain {
namespace {

std::string vsctl(const wiring::OvsPort& port) {
  return port.socket == cni::OvsConfig{}.socket ? "ovs-vsctl " : "ovs-vsctl --db=" + word("unix:" + port.socket) + ' ';
}

std::string ids_text(const wiring::OvsPort& port) {
  std::string text;
  for (const auto id : wiring::vlan_ids(port.trunks)) text += (text.empty() ? "" : ",") + std::to_string(id);
  return text;
}

std::string port_columns(const wiring::OvsPort& port) {
  std::string columns;
  if (port.tag != 0) columns += " tag=" + std::to_string(port.tag);
  if (!port.trunks.empty()) columns += " trunks=" + ids_text(port);
  if (!port.vlan_mode.empty()) columns += " vlan_mode=" + port.vlan_mode;
  return columns + " other_config:transient=true external_ids:owner=veth-cni";
}

std::string interface_columns(const wiring::OvsPort& port, const std::string& name) {
  std::string columns;
  if (port.ofport_request != 0) columns += " ofport_request=" + std::to_string(port.ofport_request);
  if (port.policing_rate != 0) {
    columns += " ingress_policing_rate=" + std::to_string(port.policing_rate) +
               " ingress_policing_burst=" + std::to_string(port.policing_burst);
  }
  if (!port.iface_id.empty()) columns += " external_ids:iface-id=" + word(port.iface_id);
  return columns.empty() ? columns : " -- set interface " + word(name) + columns;
}

}  // namespace

Commands ovs_commands(const wiring::Wiring& wiring, const Device& sender) {
  const auto& port = *wiring.ovs_port;
  const auto& name = wiring::ovs_end(wiring).name;
  return {vsctl(port) + "add-port " + word(port.bridge) + ' ' + word(name) + port_columns(port) +
              interface_columns(port, name),
          "# only with datapath_type netdev: " + disable_checksum_offload(sender)};
}

std::string disable_checksum_offload(const Device& sender) {
  return sender.netns.run("ethtool -K " + word(sender.name) + " tx off");
}

Commands ovs_repair_commands(const wiring::Wiring& wiring, const Device& sender) {
  Commands commands{ovs_removal(wiring)};
  append(commands, ovs_commands(wiring, sender));
  return commands;
}

std::string ovs_removal(const wiring::Wiring& wiring) {
  return vsctl(*wiring.ovs_port) + "--if-exists del-port " + word(wiring::ovs_end(wiring).name);
}

}  // namespace explain
