#include "plugin/ovs/requests.hpp"

#include "plugin/ovs/json_text.hpp"

#include <nlohmann/json.hpp>

#include <string_view>
#include <utility>
#include <vector>

namespace ovs {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view owner = "veth-cni";

std::string transact(RequestId id, const std::vector<Json>& operations) {
  Json parameters = Json::array({"Open_vSwitch"});
  for (const auto& operation : operations) parameters.push_back(operation);
  return to_text({{"method", "transact"}, {"id", id}, {"params", std::move(parameters)}});
}

Json uuid_of(std::string_view uuid) { return Json::array({"uuid", uuid}); }

Json map_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json elements = Json::array();
  for (const auto& [key, value] : pairs) elements.push_back(Json::array({key, value}));
  return Json::array({"map", std::move(elements)});
}

Json set_of(const std::vector<std::uint16_t>& numbers) { return Json::array({"set", numbers}); }

/// The clause "where" with one condition.
Json where(std::string_view column, std::string_view function, Json value) {
  return Json::array({Json::array({column, function, std::move(value)})});
}

Json select(std::string_view table, Json condition, const std::vector<std::string>& columns) {
  return {{"op", "select"}, {"table", table}, {"where", std::move(condition)}, {"columns", columns}};
}

Json interface_row(const NewPort& port) {
  std::vector<std::pair<std::string, std::string>> ids;
  if (!port.attached_mac.empty()) ids.emplace_back("attached-mac", port.attached_mac);
  if (!port.settings.iface_id.empty()) ids.emplace_back("iface-id", port.settings.iface_id);
  Json row{{"name", port.interface}, {"external_ids", map_of(ids)}};
  if (port.settings.ofport_request != 0) row["ofport_request"] = port.settings.ofport_request;
  if (port.settings.policing_rate != 0) {
    row["ingress_policing_rate"] = port.settings.policing_rate;
    row["ingress_policing_burst"] = port.settings.policing_burst;
  }
  return row;
}

/// Scripts of Open vSwitch and of distributions delete transient ports when they start (ovs-ctl(8),
/// --delete-transient-ports).
Json port_row(const NewPort& port) {
  const auto& settings = port.settings;
  Json row{{"name", port.interface},
           {"interfaces", Json::array({"named-uuid", "interface"})},
           {"other_config", map_of({{"transient", "true"}})},
           {"external_ids", map_of({{"owner", std::string{owner}},
                                    {"node", port.node},
                                    {"network", port.attachment.network},
                                    {"container", port.attachment.container},
                                    {"interface", port.attachment.interface}})}};
  if (settings.tag != 0) row["tag"] = settings.tag;
  if (!settings.trunks.empty()) row["trunks"] = set_of(wiring::vlan_ids(settings.trunks));
  if (!settings.vlan_mode.empty()) row["vlan_mode"] = settings.vlan_mode;
  return row;
}

Json insert_interface(const NewPort& port) {
  return {{"op", "insert"}, {"table", "Interface"}, {"uuid-name", "interface"}, {"row", interface_row(port)}};
}

Json insert_port(const NewPort& port, const std::string& uuid) {
  return {{"op", "insert"}, {"table", "Port"}, {"uuid", uuid}, {"row", port_row(port)}};
}

Json mutate_ports(Json condition, std::string_view mutator, const std::string& uuid) {
  return {{"op", "mutate"},
          {"table", "Bridge"},
          {"where", std::move(condition)},
          {"mutations", Json::array({Json::array({"ports", mutator, uuid_of(uuid)})})}};
}

}  // namespace

/// Without the first operation a bridge that is missing is not an error: the new rows would be deleted again, since no
/// bridge has them.
std::string add_port(RequestId id, const NewPort& port) {
  const auto uuid = port_uuid(cni::tag_of(port.attachment));
  const auto& bridge = port.settings.bridge;
  const Json require_bridge{{"op", "wait"},
                            {"table", "Bridge"},
                            {"where", where("name", "==", bridge)},
                            {"columns", Json::array({"name"})},
                            {"until", "=="},
                            {"rows", Json::array({Json::object({{"name", bridge}})})},
                            {"timeout", 0}};
  return transact(id, {require_bridge, insert_interface(port), insert_port(port, uuid),
                       mutate_ports(where("name", "==", bridge), "insert", uuid),
                       select("Bridge", where("name", "==", bridge), {"datapath_type"})});
}

std::string await_port(RequestId id, const std::string& interface, std::uint32_t timeout_ms) {
  const auto by_name = where("name", "==", interface);
  const Json no_number = Json::object({{"ofport", Json::array({"set", Json::array()})}});
  const Json wait{{"op", "wait"},         {"table", "Interface"},
                  {"where", by_name},     {"columns", Json::array({"ofport"})},
                  {"until", "!="},        {"rows", Json::array({no_number})},
                  {"timeout", timeout_ms}};
  return transact(id, {wait, select("Interface", by_name, {"ofport", "error"})});
}

std::string remove_ports(RequestId id, std::span<const std::string> uuids) {
  std::vector<Json> operations;
  for (const auto& uuid : uuids) {
    const auto has_port = where("ports", "includes", uuid_of(uuid));
    operations.push_back(select("Bridge", has_port, {"datapath_type"}));
    operations.push_back(mutate_ports(has_port, "delete", uuid));
  }
  return transact(id, operations);
}

std::string request_configuration(RequestId id) {
  const Json increment{{"op", "mutate"},
                       {"table", "Open_vSwitch"},
                       {"where", Json::array()},
                       {"mutations", Json::array({Json::array({"next_cfg", "+=", 1})})}};
  return transact(id, {increment, select("Open_vSwitch", Json::array(), {"next_cfg"})});
}

std::string await_configuration(RequestId id, std::int64_t number, std::uint32_t timeout_ms) {
  const Json wait{{"op", "wait"},
                  {"table", "Open_vSwitch"},
                  {"where", where("cur_cfg", "<", number)},
                  {"columns", Json::array({"cur_cfg"})},
                  {"until", "=="},
                  {"rows", Json::array()},
                  {"timeout", timeout_ms}};
  return transact(id, {wait});
}

std::string find_port(RequestId id, const std::string& uuid, const std::string& interface) {
  return transact(id, {select("Port", where("_uuid", "==", uuid_of(uuid)), {"name", "tag", "trunks", "vlan_mode"}),
                       select("Interface", where("name", "==", interface),
                              {"ofport", "error", "external_ids", "ingress_policing_rate", "ingress_policing_burst"}),
                       select("Bridge", where("ports", "includes", uuid_of(uuid)), {"name", "datapath_type"})});
}

std::string find_bridge(RequestId id, const std::string& bridge) {
  return transact(id, {select("Bridge", where("name", "==", bridge), {"datapath_type"})});
}

std::string list_ports(RequestId id) {
  return transact(id, {select("Port", where("external_ids", "includes", map_of({{"owner", std::string{owner}}})),
                              {"_uuid", "name", "external_ids"})});
}

std::string answer_echo(const std::string& id, const std::string& parameters) {
  return R"({"id":)" + id + R"(,"result":)" + parameters + R"(,"error":null})";
}

}  // namespace ovs
