#include "plugin/vethctl/explain/traffic_commands.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/ingress_filters.hpp"
#include "plugin/kernel/packet_program.hpp"
#include "plugin/kernel/qdiscs.hpp"
#include "plugin/vethctl/explain/end_commands.hpp"

namespace explain {
namespace {

/// tc(8): "bit" are bits per second, "b" are bytes.
std::string token_bucket(const std::string& interface, const wiring::RateLimit& limit) {
  constexpr std::uint64_t bits_per_byte = 8;
  return "tc qdisc add dev " + word(interface) + " root handle 1: tbf rate " +
         std::to_string(limit.rate_bytes_per_second * bits_per_byte) + "bit burst " +
         std::to_string(limit.burst_bytes) + "b limit " + std::to_string(kernel::queue_bytes(limit)) + 'b';
}

/// tc-bpf(8): the number of instructions, then "CODE TRUE FALSE OPERAND" for each.
std::string bytecode(const kernel::PacketProgram& program) {
  auto text = std::to_string(program.size());
  for (const auto& [code, if_true, if_false, operand] : program) {
    text += ',' + std::to_string(code) + ' ' + std::to_string(if_true) + ' ' + std::to_string(if_false) + ' ' +
            std::to_string(operand);
  }
  return "bpf da bytecode '" + text + '\'';
}

/// All interfaces of a container share the block, so the filters may exist.
std::string block_filter(std::uint32_t block, const std::string& position, const kernel::PacketProgram& program) {
  return "tc filter replace block " + std::to_string(block) + ' ' + position + ' ' + bytecode(program);
}

std::string hexadecimal(std::uint32_t number) {
  constexpr auto* digits = "0123456789abcdef";
  std::string text;
  for (; number != 0; number /= 16) text.insert(text.begin(), digits[number % 16]);
  return "0x" + text;
}

/// With an egress limit everything that the host end receives is redirected to the ifb, and checked there.
Commands source_check_commands(const wiring::Wiring& wiring) {
  const kernel::SourceFilters filters{wiring.attachment};
  const auto block = std::to_string(filters.block);
  const auto attach = wiring.egress_limit
                          ? "tc qdisc add dev " + wiring::ifb_name(wiring) + " egress_block " + block + " clsact"
                          : "tc qdisc add dev " + word(wiring.host.name) + " ingress_block " + block + " ingress";
  return {attach, block_filter(filters.block, "pref 2 protocol all handle 0x1", kernel::drop_addressed()),
          block_filter(filters.block, "pref 1 protocol all handle " + hexadecimal(filters.handle),
                       kernel::accept_sources(wiring.accepted_sources))};
}

}  // namespace

Commands ifb_commands(const wiring::Wiring& wiring) {
  if (!wiring.egress_limit) return {};
  const auto name = wiring::ifb_name(wiring);
  const auto mac = cni::to_string(cni::ifb_mac(cni::tag_of(wiring.attachment)));
  return {"ip link add name " + name + " address " + mac + " mtu " + std::to_string(wiring.mtu) + " type ifb",
          set_alias({.name = name}, wiring.attachment), set_link({.name = name}, "addrgenmode none")};
}

Commands rate_limit_commands(const wiring::Wiring& wiring) {
  Commands commands;
  const auto host = word(wiring.host.name);
  if (wiring.ingress_limit) commands.push_back(token_bucket(wiring.host.name, *wiring.ingress_limit));
  if (!wiring.egress_limit) return commands;
  const auto ifb = wiring::ifb_name(wiring);
  append(
      commands,
      {token_bucket(ifb, *wiring.egress_limit), bring_up({.name = ifb}), "tc qdisc add dev " + host + " ingress",
       "tc filter add dev " + host +
           " parent ffff: pref 2 protocol all u32 match u32 0 0 flowid 1:1 action mirred egress redirect dev " + ifb});
  return commands;
}

Commands filter_commands(const wiring::Wiring& wiring) {
  if (!wiring.accepted_sources.empty()) return source_check_commands(wiring);
  if (!wiring.guards_loopback) return {};
  const auto host = word(wiring.host.name);
  Commands commands;
  if (!wiring.egress_limit) commands.push_back("tc qdisc add dev " + host + " ingress");
  commands.push_back("tc filter add dev " + host + " ingress pref 1 protocol all handle 0x1 " +
                     bytecode(kernel::drop_loopback()));
  return commands;
}

std::string filter_removal(const wiring::Wiring& wiring) {
  const kernel::SourceFilters filters{wiring.attachment};
  return "tc filter del block " + std::to_string(filters.block) + " pref 1 protocol all handle " +
         hexadecimal(filters.handle) + " bpf";
}

}  // namespace explain
