#include "plugin/cni/tuning_reader.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/runtime_request.hpp"
#include "plugin/text/quoted.hpp"

#include <algorithm>
#include <limits>

namespace cni {
namespace {

constexpr std::size_t max_value_length = 256;

bool is_value(std::string_view text) {
  const auto is_printable = [](char character) {
    return character == '\t' || static_cast<unsigned char>(character) >= ' ';
  };
  return !text.empty() && text.size() <= max_value_length && std::ranges::all_of(text, is_printable);
}

bool is_integer(std::string_view json) {
  if (json.starts_with('-')) json.remove_prefix(1);
  return !json.empty() && json.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string read_value(const JsonValue& value) {
  std::string text = value.is_string() ? value.as_string() : value.json();
  if (!value.is_string() && !is_integer(text)) value.reject("must be a string or an integer");
  if (!is_value(text)) value.reject("must be one line of 1 to 256 characters");
  return text;
}

Sysctl read_sysctl(const std::string& key, const JsonValue& value, const std::string& place) {
  auto path = find_sysctl_path(key);
  if (path) return {.key = key, .path = std::move(*path), .value = read_value(value)};
  throw Error(ErrorCode::invalid_config, place + ": " + text::quoted(key) +
                                             " is not a sysctl below net., such as net.ipv4.conf.IFNAME.arp_ignore");
}

auto find_path(std::vector<Sysctl>& sysctls, const std::string& path) {
  return std::ranges::find(sysctls, path, &Sysctl::path);
}

std::vector<Sysctl> read_sysctls(JsonObject& object) {
  std::vector<Sysctl> sysctls;
  auto members = object.find_object("sysctl");
  if (!members) return sysctls;
  for (const auto& key : members->unread_members()) {
    const auto value = members->find(key);
    if (!value) continue;
    auto read = read_sysctl(key, *value, members->pointer());
    const auto same = find_path(sysctls, read.path);
    if (same == sysctls.end()) {
      sysctls.push_back(std::move(read));
    } else if (same->value != read.value) {
      value->reject("must have the same value as " + text::quoted(same->key) + ", which is the same setting");
    }
  }
  return sysctls;
}

void override_with(std::vector<Sysctl>& sysctls, std::vector<Sysctl> stronger) {
  for (auto& sysctl : stronger) {
    const auto same = find_path(sysctls, sysctl.path);
    if (same != sysctls.end()) {
      *same = std::move(sysctl);
    } else {
      sysctls.push_back(std::move(sysctl));
    }
  }
}

bool read_flag(JsonObject& network, std::string_view key) {
  const auto value = find_in_args_or_config(network, key);
  return value && value->as_bool();
}

std::optional<std::uint32_t> read_queue_length(JsonObject& network) {
  const auto value = find_in_args_or_config(network, "txQLen");
  if (!value) return std::nullopt;
  return static_cast<std::uint32_t>(value->as_unsigned(0, std::numeric_limits<std::int32_t>::max()));
}

}  // namespace

std::optional<JsonValue> find_in_args_or_config(JsonObject& network, std::string_view key) {
  const auto configured = network.find(key);
  auto args = find_args_cni(network);
  const auto overriding = args ? args->find(key) : std::nullopt;
  return overriding ? overriding : configured;
}

TuningConfig read_tuning(JsonObject& network) {
  TuningConfig tuning{.sysctls = read_sysctls(network),
                      .tx_queue_length = read_queue_length(network),
                      .promiscuous = read_flag(network, "promisc"),
                      .all_multicast = read_flag(network, "allmulti")};
  if (auto args = find_args_cni(network)) override_with(tuning.sysctls, read_sysctls(*args));
  return tuning;
}

}  // namespace cni
