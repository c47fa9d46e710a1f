#include "plugin/cni/source_nat_reader.hpp"

#include "plugin/cni/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cni {
namespace {

[[noreturn]] void refuse(const JsonValue& value, std::string_view reason) {
  throw Error(ErrorCode::unsupported_field,
              value.pointer() + ": " + value.text() + " is not supported: " + std::string(reason));
}

void refuse_iptables(JsonObject& network, std::string_view key) {
  const auto backend = network.find_nonempty(key);
  if (!backend || backend->as_string() == "nftables") return;
  refuse(*backend, R"(veth uses its own nftables table, which does not affect iptables rules. )"
                   R"(Set it to "nftables" or remove it)");
}

/// Conditions are parts of iptables or nft command lines, which this plugin does not parse.
void refuse_conditions(JsonObject& network, std::string_view key) {
  const auto conditions = network.find(key);
  if (!conditions || conditions->as_array().empty()) return;
  refuse(*conditions,
         "veth does not read conditions in the syntax of iptables or nft. Remove them, or map ports with the plugin "
         "portmap after veth");
}

void refuse_mark(JsonObject& network, std::string_view key) {
  if (const auto mark = network.find_nonempty(key)) refuse(*mark, "veth does not mark packets. Remove it");
}

/// The number is limited because each exception is a rule that the kernel evaluates for each packet.
std::vector<Prefix> read_exceptions(JsonObject& network) {
  constexpr std::size_t max_elements = 256;
  std::vector<Prefix> exceptions;
  const auto value = network.find("ipMasqExcept");
  if (!value) return exceptions;
  for (const JsonValue& element : value->as_array()) exceptions.push_back(element.as_prefix());
  if (exceptions.size() > max_elements) value->reject("must have at most 256 elements");
  return exceptions;
}

/// The keys of the reference plugins ptp and bridge; the others belong to the plugin portmap.
SourceNat read_reference_keys(JsonObject& network) {
  check_backend(network, "ipMasqBackend");
  return {.masquerade = network.bool_or("ipMasq", false), .except = read_exceptions(network)};
}

}  // namespace

void check_backend(JsonObject& network, std::string_view key) {
  const auto backend = network.find_nonempty(key);
  if (!backend || backend->as_string() == "iptables" || backend->as_string() == "nftables") return;
  backend->reject("must be \"iptables\" or \"nftables\"");
}

SourceNat read_source_nat(JsonObject& network, const Dialect& dialect) {
  if (dialect.is_reference()) return read_reference_keys(network);
  for (const std::string_view key : {"ipMasqBackend", "backend"}) refuse_iptables(network, key);
  for (const std::string_view key : {"conditionsV4", "conditionsV6"}) refuse_conditions(network, key);
  for (const std::string_view key : {"markMasqBit", "externalSetMarkChain"}) refuse_mark(network, key);
  SourceNat nat;
  nat.masquerade = network.bool_or("ipMasq", false);
  nat.except = read_exceptions(network);
  nat.mapped_ports = network.bool_or("snat", true);
  nat.all_clients = network.bool_or("masqAll", false);
  return nat;
}

}  // namespace cni
