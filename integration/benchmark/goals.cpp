#include "integration/benchmark/goals.hpp"

#include <optional>
#include <string>

namespace benchmark {
namespace {

using nlohmann::json;

/// Where a median stands.
struct Source {
  std::string shape;
  std::string subject;
  std::string verb;
};

/// The median; of DEL, which lasts whole ticks of the kernel's clock (4 ms at HZ=250), the mean: a median jumps from
/// one tick to the next.
std::optional<double> find_figure(const json& measured, const Source& source) {
  if (!measured.contains(source.shape)) return std::nullopt;
  for (const auto& row : measured.at(source.shape)) {
    const bool is_it = row.at("subject") == source.subject && row.contains(source.verb);
    if (is_it) return row.at(source.verb).at(source.verb == "DEL" ? "mean" : "median").get<double>();
  }
  return std::nullopt;
}

class Comparison {
 public:
  explicit Comparison(const json& measured) : measured_(measured) {}

  void ratio(const std::string& what, const Source& one, const Source& other, double limit) {
    const auto above = find_figure(measured_, one);
    const auto below = find_figure(measured_, other);
    if (above && below) at_most(what, *above / *below, limit);
  }

  void difference(const std::string& what, const Source& one, const Source& other, double limit) {
    const auto more = find_figure(measured_, one);
    const auto less = find_figure(measured_, other);
    if (more && less) at_most(what, *more - *less, limit);
  }

  /// What veth takes on a full node beside what it takes on an empty one, less what the kernel alone takes more.
  void growth(const std::string& verb, const std::string& families, double limit) {
    const auto small = find_figure(measured_, crowd("veth ptp, " + families, "10", verb));
    const auto large = find_figure(measured_, crowd("veth ptp, " + families, "1000", verb));
    const auto floor_small = find_figure(measured_, crowd("floor, " + families, "10", verb));
    const auto floor_large = find_figure(measured_, crowd("floor, " + families, "1000", verb));
    if (!small || !large || !floor_small || !floor_large) return;
    const double own = *large - (*floor_large - *floor_small);
    at_most(verb + ", " + families + ": 1,000 attachments / 10, the floor's growth taken out", own / *small, limit);
  }

  void milliseconds(const std::string& what, const Source& source, double limit) {
    if (const auto figure = find_figure(measured_, source)) at_most(what, *figure, limit);
  }

  /// Calls in a second beside those of the floor, at a width.
  void rate(const std::string& verb, int width, double limit) {
    if (!measured_.contains("throughput")) return;
    std::optional<double> ours;
    std::optional<double> floor;
    for (const auto& row : measured_.at("throughput")) {
      if (row.at("at once") != width) continue;
      const bool is_floor = row.at("subject").get<std::string>().starts_with("floor");
      (is_floor ? floor : ours) = row.at(verb).at("per second").get<double>();
    }
    if (!ours || !floor) return;
    const double share = *ours / *floor;
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
  comparison.ratio("ADD, IPv4 / floor", call(ipv4, "ADD"), call("floor, IPv4", "ADD"), 1.35);
  comparison.ratio("ADD, dual stack / floor", call(dual, "ADD"), call("floor, dual stack", "ADD"), 1.35);
  comparison.ratio("ADD, dual stack / IPv4", call(dual, "ADD"), call(ipv4, "ADD"), 1.10);
  comparison.ratio("DEL, IPv4 / floor", call(ipv4, "DEL"), call("floor, IPv4", "DEL"), 1.05);
  comparison.ratio("DEL, dual stack / floor", call(dual, "DEL"), call("floor, dual stack", "DEL"), 1.05);
  comparison.ratio("CHECK / ADD, dual stack", call(dual, "CHECK"), call(dual, "ADD"), 1.0);
  comparison.difference("ADD, Kubernetes set less IPv4, in ms", call(kubernetes, "ADD"), call(ipv4, "ADD"), 1.0);
}

void compare_with_peers(Comparison& comparison) {
  const std::string ptp = "ptp + host-local";
  comparison.ratio("ADD, IPv4 / ptp + host-local", call(ipv4, "ADD"), call(ptp, "ADD"), 1.0 / 5);
  comparison.ratio("DEL, IPv4 / ptp + host-local", call(ipv4, "DEL"), call(ptp, "DEL"), 1.0);
  comparison.ratio("ADD, ipMasq / ptp + host-local + ipMasq", call(masquerade, "ADD"), call(ptp + " + ipMasq", "ADD"),
                   1.0 / 12);
  comparison.ratio("ADD, Kubernetes set / chain of four plugins", call(kubernetes, "ADD"), call(chain, "ADD"),
                   1.0 / 20);
  comparison.ratio("DEL, Kubernetes set / chain of four plugins", call(kubernetes, "DEL"), call(chain, "DEL"), 1.0 / 7);
}

void compare_growth(Comparison& comparison) {
  constexpr double most = 1.2;
  const std::string full = ", 5000 masqueraded and mapped";
  const std::string empty = ", 0 masqueraded and mapped";
  for (const auto& subject : {ports, kubernetes}) {
    for (const char* verb : {"ADD", "DEL"}) {
      comparison.ratio(verb + (", " + subject) + ": 5,000 masqueraded and mapped / none",
                       {"rules", subject + full, verb}, {"rules", subject + empty, verb}, most);
    }
  }
  for (const char* verb : {"ADD", "DEL"}) {
    comparison.ratio(std::string{verb} + " with 10,000 leases / with 10", {"leases", ipv4 + ", 10000 leases", verb},
                     {"leases", ipv4 + ", 10 leases", verb}, most);
    comparison.growth(verb, "IPv4", most);
    comparison.growth(verb, "dual stack", most);
  }
}

}  // namespace

json compare_with_goals(const json& measured) {
  Comparison comparison{measured};
  compare_with_floor(comparison);
  compare_with_peers(comparison);
  compare_growth(comparison);
  comparison.milliseconds("GC of 1,000, 500 without links, in ms",
                          {"attachments", "GC of 1000, half of them without links", "run"}, 1000);
  comparison.rate("ADD", 32, 0.7);
  return comparison.take();
}

}  // namespace benchmark
