#include "plugin/vethctl/inspect/diagnosis.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/inspect/find_attachment.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace inspect {
namespace {

using Findings = std::vector<Finding>;

constexpr auto repair = "vethctl repair";

/// A finding about one place; joins those in the same words.
void add(Findings& findings, Finding finding) {
  const auto same = std::ranges::find_if(findings, [&](const Finding& other) {
    return other.severity == finding.severity && other.what == finding.what && other.remedy == finding.remedy;
  });
  if (same == findings.end()) return findings.push_back(std::move(finding));
  std::ranges::move(finding.where, std::back_inserter(same->where));
}

void diagnose_store(const Examination& examination, Findings& findings) {
  for (const auto& error : examination.unusable) {
    add(findings,
        {.what = error.message, .remedy = error.details.empty() ? "see why the system refuses it" : error.details});
  }
  for (const auto& [network, tag] : examination.unreadable) {
    add(findings, {.what = "a record cannot be read",
                   .where = {network + "/#" + cni::to_string(tag)},
                   .remedy = "vethctl repair writes it anew where its interface stands; else DEL the attachment"});
  }
  for (const auto& [network, address] : examination.strays) {
    add(findings, {.severity = Severity::warning,
                   .what = "an address is taken, and no record says by whom",
                   .where = {network + ' ' + cni::to_string(address)},
                   .remedy = "if nobody has it: vethctl leases release NETWORK ADDRESS"});
  }
}

void diagnose_rules(const Examination& examination, Findings& findings) {
  for (const auto tag : examination.orphaned_rules) {
    add(findings, {.severity = Severity::warning,
                   .what = "rules in nftables belong to an attachment that has neither a record nor an interface: they "
                           "may lead packets to another container",
                   .where = {"#" + cni::to_string(tag)},
                   .remedy = "vethctl gc"});
  }
}

void diagnose_leases(const Examination& examination, Findings& findings) {
  for (const auto& lost : examination.lost) {
    for (const auto& address : lost.unheld) {
      add(findings,
          {.what = "address " + cni::to_string(address) + " is not taken for its container: another may be given it",
           .where = {name_of(lost.attachment)},
           .remedy = repair});
    }
    if (lost.conflict.empty()) continue;
    add(findings, {.what = "two containers have the same address: " + lost.conflict,
                   .where = {name_of(lost.attachment)},
                   .remedy = "delete one of the two, and add it again"});
  }
}

/// Not live: what is left of an attachment, or of its record.
void diagnose_state(const Attachment& attachment, Findings& findings) {
  const auto where = name_of(attachment);
  const auto warn = [&](std::string what, std::string remedy) {
    add(findings, {Severity::warning, std::move(what), {where}, std::move(remedy)});
  };
  switch (attachment.state) {
    case State::remains:
      if (attachment.host_index == 0)
        return warn("an ADD that never ended has left its record", "vethctl repair drops it");
      return warn("an ADD that never ended has left its interface", "DEL it; an ADD of the same name clears it, too");
    case State::broken:
      if (attachment.mode == "netns") return warn("its interfaces are gone, and its record is still there", "DEL it");
      return warn("its interface is gone, and its addresses are still taken", "vethctl repair drops it");
    case State::unrecorded:
      return warn("no record tells of interface " + text::quoted(attachment.host_interface),
                  "vethctl repair writes it anew");
    case State::live:
    case State::in_flight:
    case State::unreadable:  // said of its record
      return;
  }
}

/// How to give an end the MAC that it should have, in its namespace (empty: the host's).
std::string mac_command(const wiring::End& end, const std::string& netns) {
  const auto inside = netns.empty() || netns == host_namespace_path ? "" : "nsenter --net=" + netns + ' ';
  return inside + "ip link set dev " + end.name + " address " + cni::to_string(end.mac);
}

std::string mac_command(const wiring::Wiring& wanted, const Attachment& attachment, wiring::Side side) {
  return side == wiring::Side::container ? mac_command(wanted.container, attachment.netns)
                                         : mac_command(wanted.host, attachment.peer_netns);
}

/// An interface is never brought back: the runtime has to know of it. A MAC that was changed is left to whoever did it:
/// a later plugin may have been told to.
std::string remedy_for(const Detail& detail, const wiring::Difference& difference) {
  const bool has_both_ends = detail.observed.container && detail.observed.host;
  if (!has_both_ends || difference.kind == wiring::Kind::peer) return "DEL the attachment, and ADD it again";
  if (!detail.wanted || difference.kind != wiring::Kind::mac) return repair;
  return "if nobody meant to change it: " + mac_command(*detail.wanted, detail.attachment, difference.side);
}

void diagnose_attachments(const Examination& examination, Findings& findings) {
  for (const auto& detail : examination.attachments) {
    diagnose_state(detail.attachment, findings);
    for (const auto& difference : detail.differences) {
      add(findings, {.what = wiring::to_string(difference),
                     .where = {name_of(detail.attachment)},
                     .remedy = remedy_for(detail, difference)});
    }
  }
}

void diagnose_filter(const Examination& examination, Findings& findings) {
  constexpr auto remedy = "loosen it: sysctl -w net.ipv4.conf.all.rp_filter=2, and in /etc/sysctl.d for the next boot";
  for (const auto& packet : examination.filtered) {
    const auto what = "the strict reverse path filter (rp_filter) drops packets from " + cni::to_string(packet.source) +
                      " that come in by " + text::quoted(packet.interface);
    const auto severity = packet.is_foreign ? Severity::warning : Severity::fault;
    add(findings, {severity, what, {name_of(packet.by)}, remedy});
  }
}

/// Of a chain's family, those from which the host forwards packets.
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

/// How people let packets through who use what has such chains.
std::string remedy_for(const kernel::DroppingChain& chain, const std::set<std::string>& subnets) {
  if (chain.table == "firewalld") {
    return "firewall-cmd --permanent --zone=trusted --add-source=" + subnets_in(subnets, " --add-source=") +
           ", and --reload";
  }
  const bool is_of_iptables = chain.table == "filter" && chain.name == "FORWARD";
  if (!is_of_iptables) {
    return "nft insert rule " + chain.family + ' ' + chain.table + ' ' + chain.name +
           " RULE, one that accepts packets from and one that accepts packets to " + subnets_in(subnets, ", ");
  }
  const std::string program = chain.family == "ip6" ? "ip6tables" : "iptables";
  return program + " -I FORWARD -s " + subnets_in(subnets, ",") +
         " -j ACCEPT, the same with -d (with Docker in chain DOCKER-USER; with ufw: ufw route allow from " +
         subnets_in(subnets, ", from ") + ", the same with to)";
}

/// Whether those that it accepts are ours, nothing here can tell.
Finding finding_of(const kernel::DroppingChain& chain, const std::set<std::string>& subnets) {
  Finding finding{.severity = Severity::warning,
                  .what = "a firewall drops forwarded packets that no rule of it accepts",
                  .where = {"nftables chain " + chain.family + ' ' + chain.table + ' ' + chain.name},
                  .remedy = remedy_for(chain, subnets)};
  if (!chain.accepts_some) return finding;
  finding.severity = Severity::note;
  finding.what = "a firewall drops forwarded packets, those aside that some rules of it accept";
  finding.remedy = "if it drops those of containers: " + finding.remedy;
  return finding;
}

void diagnose_firewall(const Examination& examination, Findings& findings) {
  for (const auto& chain : examination.firewall.chains) {
    add(findings, finding_of(chain, subnets_of(examination.attachments, chain.family)));
  }
  if (!examination.firewall.has_legacy) return;
  add(findings, {.severity = Severity::note,
                 .what = "iptables-legacy has rules, which cannot be read here",
                 .remedy = "see whether they drop forwarded packets: iptables-legacy -S FORWARD"});
}

}  // namespace

std::vector<Finding> diagnose(const Examination& examination) {
  auto findings = examination.configuration;
  diagnose_store(examination, findings);
  diagnose_leases(examination, findings);
  diagnose_rules(examination, findings);
  diagnose_attachments(examination, findings);
  diagnose_filter(examination, findings);
  diagnose_firewall(examination, findings);
  std::ranges::stable_sort(findings, {}, &Finding::severity);
  return findings;
}

}  // namespace inspect
