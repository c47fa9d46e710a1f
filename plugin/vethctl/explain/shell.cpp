#include "plugin/vethctl/explain/shell.hpp"

#include <iterator>
#include <utility>

namespace explain {
namespace {

constexpr std::string_view named_namespaces = "/run/netns/";

/// The name of a namespace that `ip -n` accepts; empty if the path is in another folder.
std::string_view netns_name(std::string_view path) {
  if (!path.starts_with(named_namespaces)) return {};
  path.remove_prefix(named_namespaces.size());
  return path.find('/') == std::string_view::npos ? path : std::string_view{};
}

}  // namespace

std::string word(std::string_view text) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+=,-";
  if (!text.empty() && text.find_first_not_of(plain) == std::string_view::npos) return std::string{text};
  std::string quoted = "'";
  for (const char character : text) quoted += character == '\'' ? std::string{R"('\'')"} : std::string{character};
  return quoted + '\'';
}

bool Namespace::is_host() const { return path.empty() || path == "/proc/self/ns/net"; }

std::string Namespace::name() const {
  const auto name = netns_name(path);
  return word(name.empty() ? std::string_view{path} : name);
}

std::string Namespace::run(const std::string& command) const {
  return is_host() ? command : "nsenter --net=" + word(path) + ' ' + command;
}

std::string Namespace::ip(const std::string& arguments) const {
  if (is_host()) return "ip " + arguments;
  const auto name = netns_name(path);
  return name.empty() ? run("ip " + arguments) : "ip -n " + word(name) + ' ' + arguments;
}

std::string Namespace::sysctl(const std::string& setting, std::string_view value) const {
  return run("sysctl -qw " + word(setting + '=' + std::string{value}));
}

std::string ipv4_setting(const std::string& interface, std::string_view setting) {
  return "net/ipv4/conf/" + interface + '/' + std::string{setting};
}

std::string ipv6_setting(const std::string& interface, std::string_view setting) {
  return "net/ipv6/conf/" + interface + '/' + std::string{setting};
}

void append(Commands& commands, Commands others) {
  commands.insert(commands.end(), std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()));
}

}  // namespace explain
