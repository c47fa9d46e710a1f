#include "plugin/cni/unsupported.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/mode_reader.hpp"

#include <string>
#include <string_view>

namespace cni {
namespace {

[[noreturn]] void refuse(const JsonValue& value, std::string_view advice) {
  throw Error(ErrorCode::unsupported_field,
              value.pointer() + ": " + value.text() + " is not supported: " + std::string(advice));
}

/// The other modes have no bridge on which anything could be spoofed.
void refuse_spoof_check(JsonObject& network) {
  if (read_mode(network) != Mode::bridge) return;
  const auto check = network.find("macspoofchk");
  if (check && check->as_bool()) refuse(*check, "leave it out");
}

void refuse_masquerade(JsonObject& network) {
  const auto masquerade = network.find("ipMasq");
  if (masquerade && masquerade->as_bool()) refuse(*masquerade, "set it to false and masquerade by a rule of the node");
}

void refuse_port_mappings(JsonObject& object) {
  const auto mappings = object.find("portMappings");
  if (mappings && !mappings->as_array().empty()) refuse(*mappings, "add the plugin portmap to the chain");
}

void refuse_log(JsonObject& network) {
  const auto log = network.find("log");
  if (log && !log->as_object().unasked().empty()) refuse(*log, "leave it out");
}

}  // namespace

void refuse_unsupported(JsonObject& network) {
  refuse_spoof_check(network);
  refuse_masquerade(network);
  refuse_port_mappings(network);
  refuse_log(network);
  auto runtime_config = network.find_object("runtimeConfig");
  if (runtime_config) refuse_port_mappings(*runtime_config);
}

}  // namespace cni
