#include "plugin/vethctl/inspect/diagnosis.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/inspect/causes.hpp"
#include "plugin/vethctl/inspect/find_attachment.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace inspect {
namespace {

/// Equal findings of several attachments are one finding with several locations. So are their consequences.
class Findings {
 public:
  void add(Finding finding) {
    auto consequences = std::exchange(finding.consequences, {});
    const auto position = add(std::move(finding), all, 0);
    for (auto& consequence : consequences) add(std::move(consequence), all[position].consequences, position + 1);
  }

  std::vector<Finding> all{};

 private:
  /// `group`: 0 for the roots; for consequences the position of the root, plus 1.
  std::size_t add(Finding finding, std::vector<Finding>& list, std::size_t group) {
    const auto [found, is_new] =
        positions_.try_emplace({group, finding.severity, finding.what, finding.remedy}, list.size());
    if (is_new) {
      list.push_back(std::move(finding));
    } else {
      std::ranges::move(finding.where, std::back_inserter(list[found->second].where));
    }
    return found->second;
  }

  std::map<std::tuple<std::size_t, Severity, std::string, std::string>, std::size_t> positions_{};
};

void add(Findings& findings, Finding finding) { findings.add(std::move(finding)); }

std::string delete_advice(const cni::Attachment& attachment) {
  if (attachment.network != connect_network) return "delete the container with the runtime";
  return "vethctl disconnect " + attachment.container + " --ifname " + attachment.interface;
}

std::string recreate_advice(const cni::Attachment& attachment) {
  return delete_advice(attachment) +
         (attachment.network == connect_network ? ", then vethctl connect" : " and create it again");
}

void diagnose_store(const Examination& examination, Findings& findings) {
  for (const auto& error : examination.unusable) {
    add(findings, {.what = error.message,
                   .remedy = error.details.empty() ? "fix the cause, then repeat the command" : error.details});
  }
  for (const auto& [network, tag] : examination.unreadable) {
    add(findings,
        {.what = "the record of an attachment cannot be read",
         .where = {"record " + network + "/#" + cni::to_string(tag)},
         .remedy =
             "vethctl repair restores it if its interface exists; otherwise delete the container with the runtime"});
  }
  for (const auto& [network, address] : examination.unrecorded_leases) {
    add(findings, {.severity = Severity::warning,
                   .what = "a leased address is in no record",
                   .where = {network + ' ' + cni::to_string(address)},
                   .remedy = "if no container uses the address: vethctl leases release NETWORK ADDRESS"});
  }
}

void diagnose_rules(const Examination& examination, Findings& findings) {
  for (const auto tag : examination.orphaned_rules) {
    add(findings, {.severity = Severity::warning,
                   .what = "stale nftables rules: their attachment has neither a record nor an interface. They may "
                           "redirect packets to another container",
                   .where = {"#" + cni::to_string(tag)},
                   .remedy = "vethctl gc"});
  }
}

void diagnose_ports(const Examination& examination, Findings& findings) {
  for (const auto& uuid : examination.stale_ports) {
    add(findings, {.severity = Severity::warning,
                   .what = "stale ports of Open vSwitch: their attachment does not exist any more",
                   .where = {uuid},
                   .remedy = "vethctl gc"});
  }
}

void diagnose_leases(const Examination& examination, Findings& findings) {
  for (const auto& mismatch : examination.address_mismatches) {
    for (const auto& address : mismatch.unleased) {
      add(findings, {.what = "address " + cni::to_string(address) +
                             " of the container is not leased: another container can get it",
                     .where = {name_of(mismatch.attachment)},
                     .remedy = "vethctl repair"});
    }
    if (mismatch.conflict.empty()) continue;
    add(findings, {.what = "two containers have the same address: " + mismatch.conflict,
                   .where = {name_of(mismatch.attachment)},
                   .remedy = "one of the two: " + recreate_advice(mismatch.attachment)});
  }
}

Finding finding_of(const UnreachableAddress& unreachable) {
  const auto& [address, is_host_address, attachment, route] = unreachable;
  const auto text = cni::to_string(address);
  const bool is_route_known = route && !is_host_address;
  auto found = std::string{is_host_address ? "the host itself has it" : "the host has a route to it"};
  if (is_route_known) found += ": " + kernel::to_string(*route);
  const auto remedy = is_route_known
                          ? kernel::delete_command(*route) + ", then vethctl repair"
                          : "see ip route get " + text + ": remove " + (is_host_address ? "the address" : "the route") +
                                ", or DEL the attachment and ADD it again";
  return {.what = "address " + text + " lives elsewhere on the node: " + found,
          .where = {name_of(attachment)},
          .remedy = remedy};
}

void diagnose_addresses(const Examination& examination, Findings& findings) {
  for (const auto& unreachable : examination.unreachable) add(findings, finding_of(unreachable));
  for (const auto& [address, bridge, attachments] : examination.shared_addresses) {
    Finding finding{.what = "containers of several networks have the same address on bridge " + text::quoted(bridge) +
                            ": " + cni::to_string(address),
                    .remedy = "DEL one of the attachments, and ADD it again"};
    for (const auto& attachment : attachments) finding.where.push_back(name_of(attachment));
    add(findings, std::move(finding));
  }
}

/// Adds a finding for an attachment that is not live.
void diagnose_state(const Attachment& attachment, Findings& findings) {
  const auto where = name_of(attachment);
  const auto warn = [&](std::string what, std::string remedy) {
    add(findings, {Severity::warning, std::move(what), {where}, std::move(remedy)});
  };
  switch (attachment.state) {
    case State::incomplete:
      if (attachment.host_index == 0) return warn("stale record of an ADD that did not finish", "vethctl repair");
      return warn("stale interface of an ADD that did not finish", delete_advice(attachment.identity));
    case State::broken:
      if (attachment.mode == "netns")
        return warn("stale record: its interfaces are missing", delete_advice(attachment.identity));
      return warn("stale record: its interface is missing, its addresses are still leased", "vethctl repair");
    case State::unrecorded:
      return warn("the record of interface " + text::quoted(attachment.host_interface) + " is missing",
                  "vethctl repair");
    case State::live:
    case State::in_flight:
    case State::unreadable:  // reported with its record
      return;
  }
}

/// The command that sets an attribute of an end in its namespace (empty: that of the host).
std::string link_command(const Detail& detail, const wiring::Difference& difference, const std::string& attribute) {
  const bool is_container = difference.side == wiring::Side::container;
  const auto& netns = is_container ? detail.attachment.netns : detail.attachment.peer_netns;
  const auto& end = is_container ? detail.wanted->container : detail.wanted->host;
  const auto inside = netns.empty() || netns == host_namespace_path ? "" : "nsenter --net=" + netns + ' ';
  return inside + "ip link set dev " + end.name + ' ' + attribute + ' ' + difference.wanted;
}

Severity severity_of(const Detail& detail, const wiring::Difference& difference) {
  return detail.wanted && wiring::may_be_intended(*detail.wanted, difference) ? Severity::note : Severity::fault;
}

/// `vethctl repair` does not create interfaces: the runtime has to. It does not restore a MAC either, and no MTU that a
/// later plugin of the chain may have set on purpose.
std::string remedy_for(const Detail& detail, const wiring::Difference& difference) {
  const bool has_both_ends = detail.observed.container && detail.observed.host;
  if (!has_both_ends || difference.kind == wiring::Kind::peer) {
    return recreate_advice(detail.attachment.identity);
  }
  const std::string intention = "if the change is not intended: ";
  if (!detail.wanted) return "vethctl repair";
  if (difference.kind == wiring::Kind::mac) return intention + link_command(detail, difference, "address");
  const bool is_note = severity_of(detail, difference) == Severity::note;
  return is_note ? intention + link_command(detail, difference, "mtu") : "vethctl repair";
}

Finding finding_of(const Detail& detail, const wiring::Difference& difference) {
  return {.severity = severity_of(detail, difference),
          .what = wiring::to_string(difference),
          .where = {name_of(detail.attachment)},
          .remedy = remedy_for(detail, difference)};
}

/// A cause is as severe as its consequences.
Finding finding_of(const Detail& detail, const Cause& cause) {
  auto finding = finding_of(detail, cause.root);
  for (const auto& difference : cause.consequences) {
    finding.consequences.push_back(finding_of(detail, difference));
    finding.severity = std::min(finding.severity, finding.consequences.back().severity);
  }
  return finding;
}

using Elsewhere = std::map<cni::Attachment, std::vector<cni::IpAddress>>;

bool is_reported(const Elsewhere& elsewhere, const Detail& detail, const wiring::Difference& difference) {
  const auto found = elsewhere.find(detail.attachment.identity);
  return found != elsewhere.end() && std::ranges::any_of(found->second, [&](const cni::IpAddress& address) {
           return is_caused_by(difference, address);
         });
}

void diagnose_attachments(const Examination& examination, Findings& findings) {
  Elsewhere elsewhere;
  for (const auto& each : examination.unreachable) elsewhere[each.attachment].push_back(each.address);
  for (const auto& detail : examination.attachments) {
    diagnose_state(detail.attachment, findings);
    auto differences = detail.differences;
    std::erase_if(differences, [&](const auto& difference) { return is_reported(elsewhere, detail, difference); });
    for (const auto& cause : group_by_cause(differences)) findings.add(finding_of(detail, cause));
  }
}

bool is_rule_missing(const wiring::Difference& difference) { return difference.kind == wiring::Kind::rule; }

/// The rules that are missing at several attachments have one cause.
void join_missing_rules(const Examination& examination, std::vector<Finding>& findings) {
  std::set<std::string> texts;
  std::vector<std::string> attachments;
  for (const auto& detail : examination.attachments) {
    if (std::ranges::none_of(detail.differences, is_rule_missing)) continue;
    attachments.push_back(name_of(detail.attachment));
    for (const auto& difference : detail.differences) {
      if (is_rule_missing(difference)) texts.insert(wiring::to_string(difference));
    }
  }
  if (attachments.size() < 2) return;
  Finding root{.what = "nftables rules of several attachments are missing: the ruleset was flushed or replaced",
               .where = std::move(attachments),
               .remedy = "vethctl repair"};
  const auto is_joined = [&](const Finding& finding) { return texts.contains(finding.what); };
  const auto first = std::ranges::find_if(findings, is_joined);
  const auto position = first - findings.begin();
  std::ranges::copy_if(findings, std::back_inserter(root.consequences), is_joined);
  std::erase_if(findings, is_joined);
  findings.insert(findings.begin() + position, std::move(root));
}

void diagnose_filter(const Examination& examination, Findings& findings) {
  constexpr auto remedy = "sysctl -w net.ipv4.conf.all.rp_filter=2, and set it in /etc/sysctl.d";
  for (const auto& packet : examination.dropped_packets) {
    const auto what = "the strict reverse path filter (rp_filter) drops packets from " + cni::to_string(packet.source) +
                      " that arrive on interface " + text::quoted(packet.interface);
    const auto severity = packet.is_from_other_attachment ? Severity::warning : Severity::fault;
    add(findings, {severity, what, {name_of(packet.receiver)}, remedy});
  }
}

void diagnose_router_advertisements(const Examination& examination, Findings& findings) {
  for (const auto& interface : examination.ignoring_router_advertisements) {
    add(findings,
        {.severity = Severity::warning,
         .what = "IPv6 forwarding is on and accept_ra is 1: the host ignores router advertisements, and loses "
                 "addresses and routes that it has from them",
         .where = {"interface " + interface},
         .remedy = "set accept_ra to 2 (sysctl net.ipv6.conf.INTERFACE.accept_ra), or to 0 if no router "
                   "advertisements are expected there; and set it in /etc/sysctl.d"});
  }
}

/// The subnets of containers in a family of nftables for which the host forwards packets.
std::set<std::string> subnets_of(const std::vector<Detail>& attachments, const std::string& family) {
  std::set<std::string> subnets;
  for (const auto& detail : attachments) {
    if (!detail.attachment.peer_netns.empty()) continue;
    for (const auto& prefix : detail.attachment.addresses) {
      const bool is_ipv4 = prefix.address.family == cni::Family::ipv4;
      if (family != (is_ipv4 ? "ip6" : "ip")) subnets.insert(cni::to_string(cni::network_of(prefix)));
    }
  }
  return subnets;
}

std::string subnets_in(const std::set<std::string>& subnets, const std::string& separator) {
  return subnets.empty() ? "SUBNET" : text::joined(subnets, separator);
}

/// Two commands for each subnet, one for each direction.
std::string nft_commands(const kernel::DroppingChain& chain, std::set<std::string> subnets) {
  if (subnets.empty()) subnets.insert("SUBNET");
  std::vector<std::string> commands;
  for (const auto& subnet : subnets) {
    const bool is_ipv6 = chain.family == "ip6" || subnet.find(':') != std::string::npos;
    for (const std::string field : {"saddr", "daddr"}) {
      commands.push_back("nft insert rule " + chain.family + ' ' + chain.table + ' ' + chain.name +
                         (is_ipv6 ? " ip6 " : " ip ") + field + ' ' + subnet + " accept");
    }
  }
  return text::joined(commands, ", and ");
}

/// The commands that accept the packets, for the program that created the chain.
std::string remedy_for(const kernel::DroppingChain& chain, const std::set<std::string>& subnets) {
  if (chain.table == "firewalld") {
    return "firewall-cmd --permanent --zone=trusted --add-source=" + subnets_in(subnets, " --add-source=") +
           ", then firewall-cmd --reload";
  }
  const bool is_of_iptables = chain.table == "filter" && chain.name == "FORWARD";
  if (!is_of_iptables) return nft_commands(chain, subnets);
  const std::string program = chain.family == "ip6" ? "ip6tables" : "iptables";
  const auto list = subnets_in(subnets, ",");
  return program + " -I FORWARD -s " + list + " -j ACCEPT, and " + program + " -I FORWARD -d " + list +
         " -j ACCEPT. With Docker use chain DOCKER-USER instead of FORWARD. With ufw: ufw route allow from " +
         subnets_in(subnets, ", ufw route allow from ") + ", ufw route allow to " +
         subnets_in(subnets, ", ufw route allow to ");
}

/// A note if some rules accept packets: they may be those of containers, which cannot be determined here.
Finding finding_of(const kernel::DroppingChain& chain, const std::set<std::string>& subnets) {
  Finding finding{.severity = Severity::warning,
                  .what = "a firewall drops new forwarded connections",
                  .where = {"nftables chain " + chain.family + ' ' + chain.table + ' ' + chain.name},
                  .remedy = remedy_for(chain, subnets)};
  if (!chain.accepts_some) return finding;
  finding.severity = Severity::note;
  finding.what = "a firewall drops new forwarded connections, except those that some of its rules accept";
  finding.remedy = "if it drops packets of containers: " + finding.remedy;
  return finding;
}

void diagnose_firewall(const Examination& examination, Findings& findings) {
  for (const auto& chain : examination.firewall.chains) {
    add(findings, finding_of(chain, subnets_of(examination.attachments, chain.family)));
  }
  if (!examination.firewall.has_legacy_rules) return;
  add(findings, {.severity = Severity::note,
                 .what = "iptables-legacy has rules, which vethctl cannot read",
                 .remedy = "check whether they drop forwarded packets: iptables-legacy -S FORWARD"});
}

/// Other rules match packets by their destination, as that of a route that takes precedence.
void diagnose_rule(const MatchingRule& match, Findings& findings) {
  const auto& rule = match.rule;
  const bool is_drop = rule.action == kernel::PolicyRule::Action::reject;
  const bool is_fault = is_drop && !rule.is_conditional;
  findings.add({.severity = is_fault ? Severity::fault : Severity::note,
                .what = "an ip rule " +
                        std::string{is_drop ? "drops packets" : "selects another routing table for packets"} +
                        " from or to containers: " + kernel::to_string(rule),
                .where = {name_of(match.attachment)},
                .remedy = "if it is not intended: " + kernel::delete_command(rule)});
}

void diagnose_routing(const Examination& examination, Findings& findings) {
  for (const auto& match : examination.matching_rules) diagnose_rule(match, findings);
  for (const auto& inside : examination.container_routing) {
    const auto enter = "nsenter --net=" + inside.netns + ' ';
    for (const auto& route : inside.covering) {
      findings.add({.what = "a route in the container drops its packets: " + kernel::to_string(route),
                    .where = {name_of(inside.attachment)},
                    .remedy = enter + kernel::delete_command(route)});
    }
    for (const auto& route : inside.rejecting) {
      findings.add({.severity = Severity::note,
                    .what = "a route in the container drops packets to some destinations: " + kernel::to_string(route),
                    .where = {name_of(inside.attachment)},
                    .remedy = "if it is not intended: " + enter + kernel::delete_command(route)});
    }
    for (const auto& rule : inside.rules) {
      const bool is_drop = rule.action == kernel::PolicyRule::Action::reject;
      findings.add({.severity = is_drop && !rule.is_conditional ? Severity::fault : Severity::note,
                    .what = "the container has an ip rule of its own: " + kernel::to_string(rule),
                    .where = {name_of(inside.attachment)},
                    .remedy = "if it is not intended: " + enter + kernel::delete_command(rule)});
    }
  }
}

}  // namespace

std::vector<Finding> diagnose(const Examination& examination) {
  Findings findings;
  for (const auto& finding : examination.configuration) findings.add(finding);
  diagnose_store(examination, findings);
  diagnose_leases(examination, findings);
  diagnose_rules(examination, findings);
  diagnose_ports(examination, findings);
  diagnose_attachments(examination, findings);
  diagnose_addresses(examination, findings);
  diagnose_filter(examination, findings);
  diagnose_router_advertisements(examination, findings);
  diagnose_firewall(examination, findings);
  diagnose_routing(examination, findings);
  join_missing_rules(examination, findings.all);
  std::ranges::stable_sort(findings.all, {}, &Finding::severity);
  return std::move(findings.all);
}

}  // namespace inspect
