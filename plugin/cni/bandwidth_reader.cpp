#include "plugin/cni/bandwidth_reader.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/key_spelling.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>

namespace cni {
namespace {

constexpr std::uint64_t min_rate = 1000;  // the minimum in Kubernetes

using Source = std::optional<JsonObject>;

std::uint64_t read_amount(const std::optional<JsonValue>& value) {
  return value ? value->as_unsigned(0, std::numeric_limits<std::uint64_t>::max()) : 0;
}

/// 0 counts as absent in both keys.
Rate read_rate(Source& source, const RateKeys& keys) {
  if (!source) return {};
  const auto rate = source->find(keys.rate);
  const Rate read{.bits_per_second = read_amount(rate), .burst_bits = read_amount(source->find(keys.burst))};
  if (read.bits_per_second != 0 && read.bits_per_second < min_rate) {
    rate->reject("must be 0 or at least 1000 bits per second");
  }
  return read;
}

void reject_burst_without_rate(Source& runtime, const Rate& rate, const RateKeys& keys) {
  if (rate.bits_per_second != 0 || rate.burst_bits == 0) return;
  runtime->find(keys.burst)->reject("must be 0 if " + std::string(keys.rate) + " is 0 or absent");
}

/// The smaller of two bursts; 0 counts as absent.
std::uint64_t smaller_burst(std::uint64_t left, std::uint64_t right) {
  return left == 0 || right == 0 ? std::max(left, right) : std::min(left, right);
}

std::optional<Rate> read_direction(Source& runtime, Source& configured, const RateKeys& keys) {
  const auto requested = read_rate(runtime, keys);
  reject_burst_without_rate(runtime, requested, keys);
  const auto own = read_rate(configured, keys);
  const auto rate = requested.bits_per_second != 0 ? requested.bits_per_second : own.bits_per_second;
  if (rate == 0) return std::nullopt;
  return Rate{.bits_per_second = rate, .burst_bits = smaller_burst(requested.burst_bits, own.burst_bits)};
}

Source find_filled_object(Source& source, std::string_view key) {
  const auto value = source ? source->find_nonempty(key) : std::nullopt;
  return value ? Source{value->as_object()} : std::nullopt;
}

}  // namespace

Bandwidth read_bandwidth(JsonObject& network) {
  auto runtime_config = network.find_object("runtimeConfig");
  auto runtime = find_filled_object(runtime_config, "bandwidth");
  const auto value = network.find_nonempty("bandwidth");
  auto own = value ? Source{value->as_object()} : std::nullopt;
  const Bandwidth bandwidth{.ingress = read_direction(runtime, own, ingress_keys),
                            .egress = read_direction(runtime, own, egress_keys)};
  if (own) own->reject_misspelled_keys();
  return bandwidth;
}

void refuse_keys_of_bandwidth(JsonObject& network, const std::vector<std::string>& ignored_keys) {
  constexpr std::array keys{ingress_keys.rate, ingress_keys.burst, egress_keys.rate, egress_keys.burst};
  for (const auto& pointer : ignored_keys) {
    const auto* const key = std::ranges::find_if(
        keys, [&](std::string_view each) { return is_same_key('/' + std::string{each}, pointer); });
    const auto value = key == keys.end() ? std::nullopt : network.find(*key);
    if (!value || value->text() == "0") continue;
    throw Error(ErrorCode::unsupported_field, pointer + ": is a key of the plugin bandwidth. Write \"bandwidth\": {\"" +
                                                  std::string(*key) + "\": " + value->text() + "}");
  }
}

}  // namespace cni
