#include "plugin/vethctl/report/format.hpp"

#include "plugin/vethctl/inspect/read_node.hpp"

#include <algorithm>
#include <utility>

namespace report {
namespace {

template <class Value>
std::vector<std::string> texts_of(const std::vector<Value>& values) {
  std::vector<std::string> all;
  all.reserve(values.size());
  for (const auto& value : values) all.push_back(cni::to_string(value));
  return all;
}

}  // namespace

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U; }

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string{noun} + (count == 1 ? "" : "s");
}

std::string truncate(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string{text};
  std::size_t end = 0;
  for (std::size_t characters = 0; end < text.size(); ++end) {
    if (begins_character(text[end]) && ++characters == width) break;
  }
  return std::string{text.substr(0, end)} + "…";
}

std::string format_age(const std::optional<std::chrono::seconds>& age) {
  using namespace std::chrono_literals;
  if (!age) return "-";
  if (*age < 60s) return std::to_string(age->count()) + 's';
  if (*age < 60min) return std::to_string(*age / 1min) + 'm';
  if (*age < 48h) return std::to_string(*age / 1h) + 'h';
  return std::to_string(*age / 24h) + 'd';
}

std::string format_namespace(const std::string& path) {
  if (path == inspect::host_namespace_path) return "host";
  for (const std::string_view folder : {"/run/netns/", "/var/run/netns/"}) {
    if (path.starts_with(folder)) return path.substr(folder.size());
  }
  return path.empty() ? "-" : path;
}

std::string format_container(const std::string& container) {
  constexpr std::size_t digits = 64;
  constexpr std::size_t shown = 12;
  const bool is_digest =
      container.size() == digits && container.find_first_not_of("0123456789abcdef") == std::string::npos;
  return is_digest ? container.substr(0, shown) : container;
}

std::vector<std::string> texts(const std::vector<cni::Prefix>& prefixes) { return texts_of(prefixes); }
std::vector<std::string> texts(const std::vector<cni::IpAddress>& addresses) { return texts_of(addresses); }

std::string format(const wiring::Route& route) {
  std::string text = cni::to_string(route.destination);
  if (route.gateway) text += " via " + cni::to_string(*route.gateway);
  if (route.source) text += " src " + cni::to_string(*route.source);
  if (route.table) text += " table " + std::to_string(*route.table);
  return text;
}

std::vector<std::string> texts(const std::vector<wiring::Route>& routes) {
  std::vector<std::string> all;
  all.reserve(routes.size());
  for (const auto& route : routes) all.push_back(format(route));
  return all;
}

std::vector<std::string> texts(const std::vector<wiring::Difference>& differences) {
  std::vector<std::string> all;
  all.reserve(differences.size());
  for (const auto& difference : differences) all.push_back(wiring::to_string(difference));
  return all;
}

std::string format_rate(const wiring::RateLimit& limit) {
  constexpr std::uint64_t bits_per_byte = 8;
  constexpr std::uint64_t step = 1000;
  const std::string_view units[] = {" bit/s", " kbit/s", " Mbit/s", " Gbit/s"};
  auto rate = limit.rate_bytes_per_second * bits_per_byte;
  std::size_t unit = 0;
  for (; unit + 1 < std::size(units) && rate != 0 && rate % step == 0; ++unit) rate /= step;
  return std::to_string(rate) + std::string{units[unit]};
}

std::string format(const wiring::RateLimit& limit) {
  return format_rate(limit) + ", burst " + std::to_string(limit.burst_bytes);
}

}  // namespace report
