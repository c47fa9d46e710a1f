#include "integration/benchmark/goals.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace benchmark {
namespace {

using nlohmann::json;

/// A row of a suite and one of its verbs.
struct Source {
  std::string suite;
  std::string subject;
  std::string verb;
};

/// The product of the figures `above` divided by the product of those `below` is to be at most `limit`. Without any
/// `below` it is a time in milliseconds.
struct Goal {
  std::string what;
  std::vector<Source> above;
  std::vector<Source> below;
  double limit;
};

struct Measured {
  double figure = 1;
  double relative_variance = 0;
};

constexpr auto ipv4 = "veth ptp, IPv4";
constexpr auto dual = "veth ptp, dual stack";
constexpr auto masquerade = "veth ptp + ipMasq";
constexpr auto ports = "veth ptp + ipMasq + port";
constexpr auto kubernetes = "veth Kubernetes set";
constexpr auto floor_ipv4_name = "floor, IPv4";
constexpr auto floor_dual_name = "floor, dual stack";
constexpr auto reference_name = "ptp + host-local";
constexpr auto reference_masquerade_name = "ptp + host-local + ipMasq";
constexpr auto reference_chain_name = "ptp + host-local + portmap + bandwidth";
constexpr auto drop_in_chain_name = "veth as ptp + host-local + portmap + bandwidth";

Source call(const std::string& subject, const std::string& verb) { return {"calls", subject, verb}; }

Source crowd(const std::string& subject, const std::string& amount, const std::string& verb) {
  return {"attachments", subject + ", " + amount + " attached", verb};
}

std::vector<Goal> goals_of_calls() {
  return {
      {"ADD, IPv4 / floor", {call(ipv4, "ADD")}, {call(floor_ipv4_name, "ADD")}, 1.2},
      {"ADD, dual stack / floor", {call(dual, "ADD")}, {call(floor_dual_name, "ADD")}, 1.25},
      {"DEL, IPv4 / floor", {call(ipv4, "DEL")}, {call(floor_ipv4_name, "DEL")}, 0.15},
      {"DEL, dual stack / floor", {call(dual, "DEL")}, {call(floor_dual_name, "DEL")}, 0.15},
      {"DEL, ipMasq / floor", {call(masquerade, "DEL")}, {call(floor_ipv4_name, "DEL")}, 0.2},
      {"DEL, Kubernetes set / floor", {call(kubernetes, "DEL")}, {call(floor_ipv4_name, "DEL")}, 0.2},
      {"CHECK / ADD, dual stack", {call(dual, "CHECK")}, {call(dual, "ADD")}, 1},
      {"ADD, IPv4 / ptp + host-local", {call(ipv4, "ADD")}, {call(reference_name, "ADD")}, 1.0 / 5},
      {"DEL, IPv4 / ptp + host-local", {call(ipv4, "DEL")}, {call(reference_name, "DEL")}, 1.0 / 10},
      {"ADD, ipMasq / ptp + host-local + ipMasq",
       {call(masquerade, "ADD")},
       {call(reference_masquerade_name, "ADD")},
       1.0 / 12},
      {"ADD, Kubernetes set / chain of four plugins",
       {call(kubernetes, "ADD")},
       {call(reference_chain_name, "ADD")},
       1.0 / 20},
      {"DEL, Kubernetes set / chain of four plugins",
       {call(kubernetes, "DEL")},
       {call(reference_chain_name, "DEL")},
       1.0 / 60},
      {"ADD, the same chain with veth under these names / chain of four plugins",
       {call(drop_in_chain_name, "ADD")},
       {call(reference_chain_name, "ADD")},
       1.0 / 10},
      {"DEL, the same chain with veth under these names / chain of four plugins",
       {call(drop_in_chain_name, "DEL")},
       {call(reference_chain_name, "DEL")},
       1.0 / 20},
  };
}

void append_growth(std::vector<Goal>& goals, const std::string& verb) {
  constexpr double limit = 1.2;
  for (const std::string subject : {ports, kubernetes}) {
    goals.push_back({verb + ", " + subject + ": 5,000 masqueraded and mapped / none",
                     {{"rules", subject + ", 5000 masqueraded and mapped", verb}},
                     {{"rules", subject + ", 0 masqueraded and mapped", verb}},
                     limit});
  }
  goals.push_back({verb + " with 10,000 leases / with 10",
                   {{"leases", ipv4 + std::string{", 10000 leases"}, verb}},
                   {{"leases", ipv4 + std::string{", 10 leases"}, verb}},
                   limit});
  for (const std::string families : {"IPv4", "dual stack"}) {
    goals.push_back({verb + ", " + families + ": growth from 10 to 1,000 attachments / growth of the floor",
                     {crowd("veth ptp, " + families, "1000", verb), crowd("floor, " + families, "10", verb)},
                     {crowd("veth ptp, " + families, "10", verb), crowd("floor, " + families, "1000", verb)},
                     limit});
  }
}

/// Each makes its own amounts of objects, and runs only if it is named.
std::vector<Goal> goals_of_large_amounts() {
  return {
      {"GC of 40,000 stale records, in ms", {{"stale", "GC of 40000 stale records", "GC"}}, {}, 10'000},
      {"DEL beside 10,000 records of another network / beside none",
       {{"beside", dual + std::string{", 10000 records of another network"}, "DEL"}},
       {{"beside", dual + std::string{", 0 records of another network"}, "DEL"}},
       1.2},
      {"ADD in a full range of 10,000, in ms", {{"full", "range of 10000, full", "ADD that fails"}}, {}, 50},
      {"STATUS of a full range of 10,000, in ms", {{"full", "range of 10000, full", "STATUS"}}, {}, 10},
      {"ADD with 99 % of a /16 taken / with none",
       {{"taken", ipv4 + std::string{", 99 % of a /16 taken"}, "ADD"}},
       {{"taken", ipv4 + std::string{", 0 % of a /16 taken"}, "ADD"}},
       2},
      {"vethctl check with 5,000 attachments, in ms", {{"check", "vethctl check, 5000 attached", "check"}}, {}, 5000},
  };
}

std::vector<Goal> all_goals() {
  auto goals = goals_of_calls();
  append_growth(goals, "ADD");
  append_growth(goals, "DEL");
  goals.push_back({"GC of 1,000, half of them without links, in ms",
                   {{"attachments", "GC of 1000, half of them without links", "run"}},
                   {},
                   1000});
  for (auto& goal : goals_of_large_amounts()) goals.push_back(std::move(goal));
  return goals;
}

const json* find_figures(const json& measured, const Source& source) {
  if (!measured.contains(source.suite)) return nullptr;
  for (const auto& row : measured.at(source.suite)) {
    if (row.at("subject") == source.subject && row.contains(source.verb)) return &row.at(source.verb);
  }
  return nullptr;
}

/// The relative error of a median: that of the notches of a box plot (McGill, Tukey and Larsen 1978).
double relative_error(const json& figures) {
  const double range = figures.at("q3").get<double>() - figures.at("q1").get<double>();
  return 1.57 * range / std::sqrt(figures.at("count").get<double>()) / figures.at("median").get<double>();
}

/// DELs that wait for the kernel's memory last whole ticks of the kernel's clock (4 ms at HZ=250), so their median
/// jumps from one tick to the next, and the mean is used.
double figure_of(const json& figures, const Source& source) {
  const bool waits_for_memory = source.verb == "DEL" && !source.subject.starts_with("veth");
  return figures.at(waits_for_memory ? "mean" : "median").get<double>();
}

/// nullopt if one of the sources was not measured.
std::optional<Measured> product(const json& measured, const std::vector<Source>& sources) {
  Measured total;
  for (const auto& source : sources) {
    const auto* figures = find_figures(measured, source);
    if (figures == nullptr) return std::nullopt;
    total.figure *= figure_of(*figures, source);
    total.relative_variance += std::pow(relative_error(*figures), 2);
  }
  return total;
}

}  // namespace

json compare_with_goals(const json& measured) {
  auto compared = json::array();
  for (const auto& goal : all_goals()) {
    const auto above = product(measured, goal.above);
    const auto below = product(measured, goal.below);
    if (!above || !below) continue;
    const double figure = above->figure / below->figure;
    const double noise = figure * std::sqrt(above->relative_variance + below->relative_variance);
    compared.push_back({{"what", goal.what},
                        {"figure", figure},
                        {"noise", noise},
                        {"at most", goal.limit},
                        {"is met", figure - noise <= goal.limit}});
  }
  return compared;
}

bool are_met(const json& compared) {
  return std::ranges::all_of(compared, [](const json& goal) { return goal.at("is met").get<bool>(); });
}

}  // namespace benchmark
