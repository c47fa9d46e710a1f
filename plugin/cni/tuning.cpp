#include "plugin/cni/tuning.hpp"

#include <algorithm>
#include <array>

namespace cni {
namespace {

constexpr std::array<std::string_view, 22> patterns{"net/core/somaxconn",
                                                    "net/ipv4/conf/*/*",
                                                    "net/ipv4/fib_multipath_*",
                                                    "net/ipv4/icmp_*",
                                                    "net/ipv4/igmp_*",
                                                    "net/ipv4/ip_*",
                                                    "net/ipv4/neigh/*/*",
                                                    "net/ipv4/ping_group_range",
                                                    "net/ipv4/tcp_*",
                                                    "net/ipv4/udp_*",
                                                    "net/ipv6/auto_flowlabels",
                                                    "net/ipv6/bindv6only",
                                                    "net/ipv6/conf/*/*",
                                                    "net/ipv6/fib_multipath_*",
                                                    "net/ipv6/flowlabel_*",
                                                    "net/ipv6/icmp/*",
                                                    "net/ipv6/ip_nonlocal_bind",
                                                    "net/ipv6/neigh/*/*",
                                                    "net/mptcp/*",
                                                    "net/netfilter/nf_conntrack_*",
                                                    "net/sctp/*",
                                                    "net/unix/max_dgram_qlen"};

// isalnum is not used because it depends on the locale.
bool is_name_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || std::string_view{"_-.:@"}.find(character) != std::string_view::npos;
}

bool is_name(std::string_view part) {
  return !part.empty() && part != "." && part != ".." && std::ranges::all_of(part, is_name_character);
}

std::string with_slashes(std::string_view key) {
  std::string path{key};
  for (char& character : path) {
    if (character == '.' || character == '/') character = character == '.' ? '/' : '.';
  }
  return path;
}

/// Removes the first part of the path and returns it.
std::string_view take_part(std::string_view& path) {
  const auto part = path.substr(0, path.find('/'));
  path.remove_prefix(std::min(part.size() + 1, path.size()));
  return part;
}

bool is_below_net(std::string_view path) {
  if (!path.starts_with("net/") || path.ends_with('/')) return false;
  while (!path.empty()) {
    if (!is_name(take_part(path))) return false;
  }
  return true;
}

bool matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    const auto wanted = take_part(pattern);
    const auto part = take_part(path);
    const bool is_open = wanted.ends_with('*');
    if (is_open ? !part.starts_with(wanted.substr(0, wanted.size() - 1)) : part != wanted) return false;
  }
  return pattern.empty() && path.empty();
}

}  // namespace

std::optional<std::string> find_sysctl_path(std::string_view key) {
  const auto separator = key.find_first_of("./");
  if (separator == std::string_view::npos) return std::nullopt;
  auto path = key[separator] == '.' ? with_slashes(key) : std::string{key};
  return is_below_net(path) ? std::optional{std::move(path)} : std::nullopt;
}

std::vector<std::string_view> default_sysctls() { return {patterns.begin(), patterns.end()}; }

bool is_default_sysctl(const std::string& path) {
  return std::ranges::any_of(patterns, [&](std::string_view pattern) { return matches(pattern, path); });
}

}  // namespace cni
