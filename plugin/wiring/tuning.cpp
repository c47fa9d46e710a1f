#include "plugin/wiring/tuning.hpp"

#include "plugin/cni/request.hpp"

#include <algorithm>

namespace wiring {
namespace {

/// Replaces the placeholder only if it is a whole part of the path.
std::string with_interface(const std::string& path, const std::string& interface) {
  const std::string part = '/' + std::string{cni::interface_placeholder};
  const auto position = path.find(part + '/');
  if (position == std::string::npos) return path;
  return path.substr(0, position + 1) + interface + path.substr(position + part.size());
}

bool is_space(char character) { return character == ' ' || character == '\t' || character == '\n'; }

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    text.remove_prefix(static_cast<std::size_t>(std::ranges::find_if_not(text, is_space) - text.begin()));
    if (text.empty()) return words;
    words.push_back(text.substr(0, static_cast<std::size_t>(std::ranges::find_if(text, is_space) - text.begin())));
    text.remove_prefix(words.back().size());
  }
}

}  // namespace

std::optional<Tuning> tuning_of(const cni::Request& request) {
  const auto& config = request.config.tuning;
  if (config == cni::TuningConfig{}) return std::nullopt;
  Tuning tuning{.tx_queue_length = config.tx_queue_length,
                .promiscuous = config.promiscuous,
                .all_multicast = config.all_multicast};
  for (const auto& [key, path, value] : config.sysctls) {
    tuning.sysctls.push_back({with_interface(path, request.attachment.interface), value});
  }
  return tuning;
}

bool disables_ipv6(const Tuning& tuning, const std::string& interface) {
  return std::ranges::any_of(tuning.sysctls, [&](const Sysctl& sysctl) {
    const bool is_switch = sysctl.path == "net/ipv6/conf/" + interface + "/disable_ipv6" ||
                           sysctl.path == "net/ipv6/conf/all/disable_ipv6";
    return is_switch && !is_same_value(sysctl.value, "0");
  });
}

bool is_same_value(std::string_view left, std::string_view right) { return words_of(left) == words_of(right); }

}  // namespace wiring
