#include "integration/benchmark/goals.hpp"

#include <optional>
#include <string>

namespace benchmark {
namespace {

using nlohmann::json;

/// Identifies a figure.
struct Source {
  std::string suite;
  std::string subject;
  std::string verb;
};

/// The median, but for DELs that wait for the kernel's memory the mean: they last whole ticks of the kernel's clock (4
/// ms at HZ=250), so their median jumps from one tick to the next.
std::optional<double> find_figure(const json& measured, const Source& source) {
  if (!measured.contains(source.suite)) return std::nullopt;
  for (const auto& row : measured.at(source.suite)) {
    const bool matches = row.at("subject") == source.subject && row.contains(source.verb);
    if (!matches) continue;
    const bool waits_for_memory = source.verb == "DEL" && !source.subject.starts_with("veth");
    return row.at(source.verb).at(waits_for_memory ? "mean" : "median").get<double>();
  }
  return std::nullopt;
}

class Comparison {
 public:
  explicit Comparison(const json& measured) : measured_(measured) {}

  void add_ratio_goal(const std::string& what, const Source& one, const Source& other, double limit) {
    const auto above = find_figure(measured_, one);
    const auto below = find_figure(measured_, other);
    if (above && below) at_most(what, *above / *below, limit);
  }

  void add_difference_goal(const std::string& what, const Source& one, const Source& other, double limit) {
    const auto more = find_figure(measured_, one);
    const auto less = find_figure(measured_, other);
    if (more && less) at_most(what, *more - *less, limit);
  }

  /// The time on a full node divided by the time on an empty one, without the growth of the floor: the
  /// kernel needs that time for any program.
  void add_growth_goal(const std::string& verb, const std::string& families, double limit) {
    const auto small = find_figure(measured_, crowd("veth ptp, " + families, "10", verb));
    const auto large = find_figure(measured_, crowd("veth ptp, " + families, "1000", verb));
    const auto floor_small = find_figure(measured_, crowd("floor, " + families, "10", verb));
    const auto floor_large = find_figure(measured_, crowd("floor, " + families, "1000", verb));
    if (!small || !large || !floor_small || !floor_large) return;
    const double own = *large - (*floor_large - *floor_small);
    at_most(verb + ", " + families + ": 1,000 attachments / 10, the floor's growth taken out", own / *small, limit);
  }

  void add_milliseconds_goal(const std::string& what, const Source& source, double limit) {
    if (const auto figure = find_figure(measured_, source)) at_most(what, *figure, limit);
  }

  /// Calls per second divided by those of the floor, with `width` calls at once.
  void add_rate_goal(const std::string& verb, int width, double limit) {
    if (!measured_.contains("throughput")) return;
    std::optional<double> veth;
    std::optional<double> floor;
    for (const auto& row : measured_.at("throughput")) {
      if (row.at("at once") != width) continue;
      const bool is_floor = row.at("subject").get<std::string>().starts_with("floor");
      (is_floor ? floor : veth) = row.at(verb).at("per second").get<double>();
    }
    if (!veth || !floor) return;
    const double share = *veth / *floor;
    goals_.push_back({{"what", verb + " per second at " + std::to_string(width) + " at once / floor"},
                      {"figure", share},
                      {"at least", limit},
                      {"is met", share >= limit}});
  }

  json take() { return std::move(goals_); }

 private:
  static Source crowd(const std::string& subject, const std::string& amount, const std::string& verb) {
    return {"attachments", subject + ", " + amount + " attached", verb};
  }

  void at_most(const std::string& what, double figure, double limit) {
    goals_.push_back({{"what", what}, {"figure", figure}, {"at most", limit}, {"is met", figure <= limit}});
  }

  const json& measured_;
  json goals_ = json::array();
};

Source call(const std::string& subject, const std::string& verb) { return {"calls", subject, verb}; }

const std::string ipv4 = "veth ptp, IPv4";
const std::string dual = "veth ptp, dual stack";
const std::string masquerade = "veth ptp + ipMasq";
const std::string ports = "veth ptp + ipMasq + port";
const std::string kubernetes = "veth Kubernetes set";
const std::string chain = "ptp + host-local + portmap + bandwidth";

void compare_with_floor(Comparison& comparison) {
  comparison.add_ratio_goal("ADD, IPv4 / floor", call(ipv4, "ADD"), call("floor, IPv4", "ADD"), 1.35);
  comparison.add_ratio_goal("ADD, dual stack / floor", call(dual, "ADD"), call("floor, dual stack", "ADD"), 1.35);
  comparison.add_ratio_goal("ADD, dual stack / IPv4", call(dual, "ADD"), call(ipv4, "ADD"), 1.10);
  comparison.add_ratio_goal("DEL, IPv4 / floor", call(ipv4, "DEL"), call("floor, IPv4", "DEL"), 0.15);
  comparison.add_ratio_goal("DEL, dual stack / floor", call(dual, "DEL"), call("floor, dual stack", "DEL"), 0.15);
  comparison.add_ratio_goal("DEL, ipMasq / floor", call(masquerade, "DEL"), call("floor, IPv4", "DEL"), 0.2);
  comparison.add_ratio_goal("DEL, Kubernetes set / floor", call(kubernetes, "DEL"), call("floor, IPv4", "DEL"), 0.2);
  comparison.add_ratio_goal("CHECK / ADD, dual stack", call(dual, "CHECK"), call(dual, "ADD"), 1.0);
  comparison.add_difference_goal("ADD, Kubernetes set less IPv4, in ms", call(kubernetes, "ADD"), call(ipv4, "ADD"),
                                 1.0);
}

void compare_with_reference_plugins(Comparison& comparison) {
  const std::string ptp = "ptp + host-local";
  comparison.add_ratio_goal("ADD, IPv4 / ptp + host-local", call(ipv4, "ADD"), call(ptp, "ADD"), 1.0 / 5);
  comparison.add_ratio_goal("DEL, IPv4 / ptp + host-local", call(ipv4, "DEL"), call(ptp, "DEL"), 1.0 / 10);
  comparison.add_ratio_goal("ADD, ipMasq / ptp + host-local + ipMasq", call(masquerade, "ADD"),
                            call(ptp + " + ipMasq", "ADD"), 1.0 / 12);
  comparison.add_ratio_goal("ADD, Kubernetes set / chain of four plugins", call(kubernetes, "ADD"), call(chain, "ADD"),
                            1.0 / 20);
  comparison.add_ratio_goal("DEL, Kubernetes set / chain of four plugins", call(kubernetes, "DEL"), call(chain, "DEL"),
                            1.0 / 60);
}

void compare_growth(Comparison& comparison) {
  constexpr double most = 1.2;
  const std::string full = ", 5000 masqueraded and mapped";
  const std::string empty = ", 0 masqueraded and mapped";
  for (const auto& subject : {ports, kubernetes}) {
    for (const char* verb : {"ADD", "DEL"}) {
      comparison.add_ratio_goal(verb + (", " + subject) + ": 5,000 masqueraded and mapped / none",
                                {"rules", subject + full, verb}, {"rules", subject + empty, verb}, most);
    }
  }
  for (const char* verb : {"ADD", "DEL"}) {
    comparison.add_ratio_goal(std::string{verb} + " with 10,000 leases / with 10",
                              {"leases", ipv4 + ", 10000 leases", verb}, {"leases", ipv4 + ", 10 leases", verb}, most);
    comparison.add_growth_goal(verb, "IPv4", most);
    comparison.add_growth_goal(verb, "dual stack", most);
  }
}

void compare_large_amounts(Comparison& comparison) {
  comparison.add_milliseconds_goal("GC of 40,000 stale records, in ms", {"stale", "GC of 40000 stale records", "GC"},
                                   10'000);
  comparison.add_ratio_goal("DEL beside 10,000 records of another network / beside none",
                            {"beside", dual + ", 10000 records of another network", "DEL"},
                            {"beside", dual + ", 0 records of another network", "DEL"}, 1.2);
  comparison.add_milliseconds_goal("ADD in a full range of 10,000, in ms",
                                   {"full", "range of 10000, full", "ADD that fails"}, 50);
  comparison.add_milliseconds_goal("STATUS of a full range of 10,000, in ms",
                                   {"full", "range of 10000, full", "STATUS"}, 10);
  comparison.add_ratio_goal("ADD with 99 % of a /16 taken / with none",
                            {"taken", ipv4 + ", 99 % of a /16 taken", "ADD"},
                            {"taken", ipv4 + ", 0 % of a /16 taken", "ADD"}, 2);
  comparison.add_milliseconds_goal("vethctl check with 5,000 attachments, in ms",
                                   {"check", "vethctl check, 5000 attached", "check"}, 5000);
}

}  // namespace

json compare_with_goals(const json& measured) {
  Comparison comparison{measured};
  compare_with_floor(comparison);
  compare_with_reference_plugins(comparison);
  compare_growth(comparison);
  compare_large_amounts(comparison);
  comparison.add_milliseconds_goal("GC of 1,000, 500 without links, in ms",
                                   {"attachments", "GC of 1000, half of them without links", "run"}, 1000);
  comparison.add_rate_goal("ADD", 32, 0.7);
  return comparison.take();
}

}  // namespace benchmark
