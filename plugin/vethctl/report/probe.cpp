#include "plugin/vethctl/report/probe.hpp"

#include "plugin/cni/json_writer.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/table.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace report {
namespace {

using ::probe::Cause;
using ::probe::Hop;
using ::probe::Kind;
using ::probe::Loss;
using ::probe::Plan;
using ::probe::Result;
using ::probe::Status;

std::string_view to_string(Kind kind) {
  constexpr std::array<std::string_view, 4> names{"icmp", "tcp", "udp", "path mtu"};
  return names.at(static_cast<std::size_t>(kind));
}

std::string_view to_string(Status status) {
  constexpr std::array<std::string_view, 4> names{"answered", "refused", "arrived", "lost"};
  return names.at(static_cast<std::size_t>(status));
}

std::string_view to_string(Cause cause) {
  constexpr std::array<std::string_view, 15> names{
      "unknown",    "dropped_by_rule",  "interface_missing", "interface_down", "no_route",
      "no_address", "neighbour_failed", "forwarding_off",    "reverse_path",   "route_elsewhere",
      "rejected",   "not_sent",         "mtu_black_hole",    "unanswered",     "left_node"};
  return names.at(static_cast<std::size_t>(cause));
}

std::string_view to_string(cni::Family family) { return family == cni::Family::ipv4 ? "ipv4" : "ipv6"; }

const std::string& name_of(const Plan& plan, std::size_t endpoint) { return plan.endpoints[endpoint].name; }

std::string milliseconds(std::chrono::microseconds time) {
  std::array<char, 32> text{};
  constexpr double thousand = 1000;
  std::snprintf(text.data(), text.size(), "%.2f ms", static_cast<double>(time.count()) / thousand);
  return text.data();
}

std::string path_mtu(const Result& result) {
  const auto bytes = std::to_string(result.mtu) + " bytes";
  if (result.status == Status::lost) return "LOST above " + bytes;
  return result.mtu == result.interface_mtu ? bytes : bytes + ", interface " + std::to_string(result.interface_mtu);
}

/// Empty if there was only one packet.
std::string count(const Result& result) {
  if (result.sent < 2 || result.status == Status::lost) return {};
  return std::to_string(result.answered) + " of " + std::to_string(result.sent) + ", ";
}

std::string outcome(const Result& result) {
  const auto port = std::to_string(result.test.port);
  if (result.test.kind == Kind::path_mtu) return path_mtu(result);
  switch (result.status) {
    case Status::answered:
      return count(result) + milliseconds(result.round_trip);
    case Status::refused:
      return count(result) + milliseconds(result.round_trip) + ", arrives: nothing listens on port " + port;
    case Status::arrived:
      return count(result) + "arrives: port " + port + " does not answer";
    case Status::lost:
      break;
  }
  return "LOST";
}

std::string results_table(const Plan& plan, const std::vector<Result>& results, std::size_t width) {
  std::vector<std::vector<std::string>> rows{{"FROM", "TO", "TEST", "FAMILY", "RESULT"}};
  for (const auto& result : results) {
    rows.push_back({name_of(plan, result.test.from), name_of(plan, result.test.to),
                    std::string{to_string(result.test.kind)}, std::string{to_string(result.test.destination.family)},
                    outcome(result)});
  }
  constexpr std::size_t result_column = 4;
  return table(rows, width, result_column);
}

std::string where(const Plan& plan, const Result& result) {
  if (result.test.kind == Kind::path_mtu) return "packets of more than " + std::to_string(result.mtu) + " bytes";
  if (result.hops.empty()) return "it did not leave " + name_of(plan, result.test.from);
  const auto& hop = result.hops.back();
  return std::string{hop.is_answer ? "the answer was" : "it was"} + " seen last in " + hop.place + ": " +
         hop.interface + (hop.is_outgoing ? " sent it" : " received it");
}

/// A command in the network namespace of the loss.
std::string inside(const Loss& loss, const std::string& command) {
  constexpr std::string_view named = "/run/netns/";
  if (loss.place == "host" || loss.netns.empty() || loss.netns.starts_with("/proc/self/")) return command;
  if (loss.netns.starts_with(named)) return "ip netns exec " + loss.netns.substr(named.size()) + ' ' + command;
  return "nsenter --net=" + loss.netns + ' ' + command;
}

std::string chain_of(const Loss& loss) { return loss.drop.family + ' ' + loss.drop.table + ' ' + loss.drop.chain; }

std::string rule_of(const Loss& loss) {
  const auto chain = " of chain " + text::quoted(loss.drop.chain) + " of table " + loss.drop.family + ' ' +
                     text::quoted(loss.drop.table);
  if (loss.drop.handle == 0) return "the policy" + chain + " drops it";
  return "the rule with handle " + std::to_string(loss.drop.handle) + chain + " drops it";
}

std::string because(const Loss& loss) {
  return loss.error == 0 ? std::string{} : std::string{": "} + std::strerror(loss.error);
}

std::string interface_text(const Loss& loss) { return "interface " + text::quoted(loss.object); }

std::string cause(const Loss& loss) {
  switch (loss.cause) {
    case Cause::dropped_by_rule:
      return rule_of(loss) + ", in " + loss.place;
    case Cause::interface_missing:
      return interface_text(loss) + " does not exist in " + loss.place;
    case Cause::interface_down:
      return interface_text(loss) + " in " + loss.place + " is down";
    case Cause::no_route:
      return loss.place + " has no route to " + loss.object + ", or one that drops packets";
    case Cause::no_address:
      return loss.place + " does not have the address " + loss.object;
    case Cause::neighbour_failed:
      return loss.place + " cannot resolve the neighbour " + loss.object + ": no interface on the link answers";
    case Cause::forwarding_off:
      return loss.place + " does not forward packets: " + loss.object + " is 0";
    case Cause::reverse_path:
      return "the reverse path filter (rp_filter) of " + interface_text(loss) + " drops it, in " + loss.place;
    case Cause::route_elsewhere:
      return loss.place + " has a route to it through " + interface_text(loss);
    case Cause::rejected:
      return (loss.object.empty() ? loss.place : loss.object) + " rejects it" + because(loss);
    case Cause::not_sent:
      return "the kernel refuses to send it, in " + loss.place + because(loss);
    case Cause::mtu_black_hole:
      return loss.object.empty() ? "no interface of this node has such an MTU"
                                 : interface_text(loss) + " in " + loss.place + " has a smaller MTU than the sender";
    case Cause::unanswered:
      return loss.place + " receives it and does not answer";
    case Cause::left_node:
      return "it left this node through " + interface_text(loss) + ", and no answer arrived";
    case Cause::unknown:
      break;
  }
  return "not visible in interfaces, routes, neighbours and rules";
}

std::string address_command(const Loss& loss) { return loss.object.find(':') == std::string::npos ? "ip" : "ip -6"; }

std::string remedy(const Loss& loss) {
  switch (loss.cause) {
    case Cause::dropped_by_rule:
      return inside(loss, "nft -a list chain " + chain_of(loss));
    case Cause::interface_down:
      return inside(loss, "ip link set " + loss.object + " up") + ", and vethctl check";
    case Cause::no_route:
      return inside(loss, address_command(loss) + " route show match " + loss.object) + ", and vethctl check";
    case Cause::no_address:
      return inside(loss, address_command(loss) + " address") + ", and vethctl check";
    case Cause::neighbour_failed:
      return inside(loss, address_command(loss) + " neighbour show " + loss.object);
    case Cause::forwarding_off:
      return inside(loss, "sysctl -w " + loss.object + "=1") + ", or vethctl repair";
    case Cause::reverse_path:
      return inside(loss, "sysctl net.ipv4.conf." + loss.object + ".rp_filter") + ", and vethctl check";
    case Cause::not_sent:
    case Cause::unanswered:
      return inside(loss, "nft list ruleset");
    case Cause::mtu_black_hole:
      return loss.object.empty() ? "lower the MTU of the container, or let ICMP errors pass on the path"
                                 : inside(loss, "ip link show " + loss.object) + ", and vethctl check";
    case Cause::left_node:
      return "check routes and firewalls behind " + loss.object + "; they need a route back, or ipMasq";
    default:
      return "vethctl check";
  }
}

/// Tests that were lost at the same place for the same cause.
struct LossGroup {
  const Result* first = nullptr;
  std::string where{};
  std::vector<std::string> tests{};
};

std::string test_text(const Result& result) {
  return std::string{to_string(result.test.kind)} + ' ' + std::string{to_string(result.test.destination.family)};
}

std::vector<LossGroup> group_losses(const Plan& plan, const std::vector<Result>& results) {
  std::vector<LossGroup> groups;
  for (const auto& result : results) {
    if (!result.loss) continue;
    const auto location = where(plan, result);
    auto found = std::ranges::find_if(groups, [&](const LossGroup& group) {
      return group.where == location && group.first->loss == result.loss && group.first->test.from == result.test.from;
    });
    if (found == groups.end()) found = groups.insert(groups.end(), {&result, location});
    found->tests.push_back(test_text(result));
  }
  return groups;
}

std::string loss_text(const Plan& plan, const LossGroup& group) {
  const auto& result = *group.first;
  return "lost: " + clean(name_of(plan, result.test.from) + " -> " + name_of(plan, result.test.to)) + ": " +
         text::joined(group.tests, ", ") + "\n    where: " + clean(group.where) +
         "\n    cause: " + clean(cause(*result.loss)) + "\n    to do: " + clean(remedy(*result.loss)) + '\n';
}

void write_hops(cni::JsonWriter& json, const std::vector<Hop>& hops) {
  json.key("hops");
  json.begin_array();
  for (const auto& hop : hops) {
    json.begin_object();
    json.member("namespace", hop.place);
    json.member("interface", hop.interface);
    json.member("direction", hop.is_outgoing ? "out" : "in");
    json.member("packet", hop.is_answer ? "answer" : "request");
    json.end_object();
  }
  json.end_array();
}

void write_loss(cni::JsonWriter& json, const Plan& plan, const Result& result) {
  if (!result.loss) return;
  json.key("loss");
  json.begin_object();
  json.member("cause", to_string(result.loss->cause));
  json.member("namespace", result.loss->place);
  json.member("object", result.loss->object);
  json.member("where", where(plan, result));
  json.member("what", cause(*result.loss));
  json.member("remedy", remedy(*result.loss));
  json.end_object();
}

void write_result(cni::JsonWriter& json, const Plan& plan, const Result& result) {
  json.begin_object();
  json.member("from", name_of(plan, result.test.from));
  json.member("to", name_of(plan, result.test.to));
  json.member("test", to_string(result.test.kind));
  json.member("family", to_string(result.test.destination.family));
  json.member("destination", cni::to_string(result.test.destination));
  if (result.test.port != 0) json.member("port", result.test.port);
  json.member("result", to_string(result.status));
  json.member("sent", result.sent);
  json.member("answered", result.answered);
  if (result.answered > 0) json.member("roundTripMicroseconds", static_cast<std::uint64_t>(result.round_trip.count()));
  if (result.test.kind == Kind::path_mtu) {
    json.member("mtu", result.mtu);
    json.member("interfaceMtu", result.interface_mtu);
  }
  write_hops(json, result.hops);
  write_loss(json, plan, result);
  json.end_object();
}

}  // namespace

std::string probe(const Plan& plan, const std::vector<Result>& results, std::size_t width) {
  auto text = results_table(plan, results, width);
  for (const auto& missing : plan.missing) {
    text += "not tested: " + std::string{to_string(missing.family)} + ", " + clean(missing.endpoint) +
            " has no address of it\n";
  }
  for (const auto& group : group_losses(plan, results)) text += loss_text(plan, group);
  return text;
}

std::string json(const Plan& plan, const std::vector<Result>& results) {
  constexpr std::size_t indent = 2;
  cni::JsonWriter json{indent};
  json.begin_object();
  json.key("tests");
  json.begin_array();
  for (const auto& result : results) write_result(json, plan, result);
  json.end_array();
  json.key("notTested");
  json.begin_array();
  for (const auto& missing : plan.missing) {
    json.begin_object();
    json.member("family", to_string(missing.family));
    json.member("missingIn", missing.endpoint);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.finished();
}

}  // namespace report
