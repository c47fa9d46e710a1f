#include "plugin/vethctl/report/prometheus.hpp"

#include "plugin/cni/json_writer.hpp"
#include "plugin/vethctl/report/escape.hpp"

#include <array>
#include <cstdio>
#include <string_view>

namespace report {
namespace {

using inspect::State;

/// Label values are UTF-8 in double quotes.
std::string label(std::string_view name, std::string_view value) {
  std::string text{name};
  text += "=\"";
  for (const char character : clean(value)) {
    if (character == '"' || character == '\\') text += '\\';
    text += character;
  }
  return text + '"';
}

/// Prometheus values are floating point numbers: integers are exact up to 2^53.
std::string number(cni::AddressBits value) {
  constexpr cni::AddressBits exact = cni::AddressBits{1} << 53U;
  if (value <= exact) return std::to_string(static_cast<std::uint64_t>(value));
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.17g", static_cast<double>(value));
  return text.data();
}

std::string head(std::string_view name, std::string_view help) {
  std::string text = "# HELP ";
  text.append(name).append(" ").append(help).append("\n# TYPE ").append(name).append(" gauge\n");
  return text;
}

std::string sample(std::string_view name, const std::string& labels, cni::AddressBits value) {
  return std::string{name} + (labels.empty() ? "" : '{' + labels + '}') + ' ' + number(value) + '\n';
}

std::string attachments(const Metrics& metrics) {
  constexpr std::string_view name = "veth_cni_attachments";
  auto text = head(name, "Attachments by network and state.");
  for (const auto& network : metrics.networks) {
    for (const auto state :
         {State::live, State::in_flight, State::incomplete, State::unreadable, State::broken, State::unrecorded}) {
      const auto found = metrics.attachments.find({network, state});
      text += sample(name, label("network", network) + ',' + label("state", inspect::to_string(state)),
                     found == metrics.attachments.end() ? 0 : found->second);
    }
  }
  return text;
}

std::string ranges(const Metrics& metrics, std::string_view name, std::string_view help, const auto& value) {
  auto text = head(name, help);
  for (const auto& [key, use] : metrics.ranges) {
    text += sample(name, label("network", key.first) + ',' + label("range", key.second), value(use));
  }
  return text;
}

/// The states that the network has attachments in.
void write_attachments(cni::JsonWriter& json, const Metrics& metrics) {
  json.key("attachments");
  json.begin_array();
  for (const auto& [key, count] : metrics.attachments) {
    json.begin_object();
    json.member("network", key.first);
    json.member("state", inspect::to_string(key.second));
    json.member("count", count);
    json.end_object();
  }
  json.end_array();
}

void write_ranges(cni::JsonWriter& json, const Metrics& metrics) {
  json.key("ranges");
  json.begin_array();
  for (const auto& [key, use] : metrics.ranges) {
    json.begin_object();
    json.member("network", key.first);
    json.member("range", key.second);
    json.member("used", use.used);
    json.key("free");
    json.json(number(use.free));
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string json(const Metrics& metrics) {
  constexpr std::size_t indent = 2;
  cni::JsonWriter json{indent};
  json.begin_object();
  json.key("networks");
  json.begin_array();
  for (const auto& network : metrics.networks) json.string(network);
  json.end_array();
  write_attachments(json, metrics);
  write_ranges(json, metrics);
  json.member("oldestStaleSeconds", static_cast<std::uint64_t>(metrics.oldest_stale.count()));
  json.end_object();
  return json.finished();
}

std::string prometheus(const Metrics& metrics) {
  const auto age = static_cast<std::uint64_t>(metrics.oldest_stale.count());
  return attachments(metrics) +
         ranges(metrics, "veth_cni_leases_used", "Leased addresses of a range.",
                [](const RangeUse& use) { return cni::AddressBits{use.used}; }) +
         ranges(metrics, "veth_cni_leases_free", "Free addresses of a range.",
                [](const RangeUse& use) { return use.free; }) +
         head("veth_cni_oldest_stale_seconds",
              "Age of the oldest attachment that is neither live nor in flight; 0: none.") +
         sample("veth_cni_oldest_stale_seconds", "", age);
}

}  // namespace report
