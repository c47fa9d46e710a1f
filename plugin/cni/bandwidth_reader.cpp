#include "plugin/cni/bandwidth_reader.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

namespace cni {
namespace {

constexpr std::uint64_t least_rate = 1000;  // as Kubernetes has it

struct Keys {
  std::string_view rate;
  std::string_view burst;
};
constexpr Keys ingress_keys{"ingressRate", "ingressBurst"};
constexpr Keys egress_keys{"egressRate", "egressBurst"};

using Source = std::optional<JsonObject>;

std::uint64_t read_amount(const std::optional<JsonValue>& value) {
  return value ? value->as_unsigned(0, std::numeric_limits<std::uint64_t>::max()) : 0;
}

/// 0 is as good as absent, in both.
Rate read_rate(Source& source, const Keys& keys) {
  if (!source) return {};
  const auto rate = source->find(keys.rate);
  const Rate read{.bits_per_second = read_amount(rate), .burst_bits = read_amount(source->find(keys.burst))};
  if (read.bits_per_second != 0 && read.bits_per_second < least_rate) {
    rate->reject("must be 0 or at least 1000 bits per second");
  }
  return read;
}

void refuse_lone_burst(Source& runtime, const Rate& rate, const Keys& keys) {
  if (rate.bits_per_second != 0 || rate.burst_bits == 0) return;
  runtime->find(keys.burst)->reject("if burst is set, rate must also be set: must be 0");
}

/// Of two bursts the smaller one that is named.
std::uint64_t smaller_burst(std::uint64_t left, std::uint64_t right) {
  return left == 0 || right == 0 ? std::max(left, right) : std::min(left, right);
}

std::optional<Rate> read_direction(Source& runtime, Source& own, const Keys& keys) {
  const auto told = read_rate(runtime, keys);
  refuse_lone_burst(runtime, told, keys);
  const auto configured = read_rate(own, keys);
  const auto rate = told.bits_per_second != 0 ? told.bits_per_second : configured.bits_per_second;
  if (rate == 0) return std::nullopt;
  return Rate{.bits_per_second = rate, .burst_bits = smaller_burst(told.burst_bits, configured.burst_bits)};
}

Source find_filled_object(Source& source, std::string_view key) {
  const auto value = source ? source->find_filled(key) : std::nullopt;
  return value ? Source{value->as_object()} : std::nullopt;
}

}  // namespace

Bandwidth read_bandwidth(JsonObject& network) {
  auto runtime_config = network.find_object("runtimeConfig");
  auto runtime = find_filled_object(runtime_config, "bandwidth");
  const auto value = network.find_filled("bandwidth");
  auto own = value ? Source{value->as_object()} : std::nullopt;
  const Bandwidth bandwidth{.ingress = read_direction(runtime, own, ingress_keys),
                            .egress = read_direction(runtime, own, egress_keys)};
  if (own) own->reject_near_misses();
  return bandwidth;
}

}  // namespace cni
