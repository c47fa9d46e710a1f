#include "integration/support/iproute.hpp"

#include "integration/support/command.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>

namespace support {
namespace {

Outcome run_in_netns(const Namespace& netns, std::vector<std::string> argv, const std::vector<std::string>& arguments) {
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  auto outcome = run({.argv = argv, .inside = &netns});
  if (outcome.exit == 0) return outcome;
  std::string line;
  for (const auto& word : argv) line += word + " ";
  throw std::runtime_error(line + "in " + netns.path() + ": " + outcome.err);
}

bool is_link_local_or_multicast(std::string_view destination) {
  return destination.starts_with("fe80:") || destination.starts_with("ff00:");
}

std::string route_text(const json& route) {
  std::string text = route.at("dst").get<std::string>();
  if (route.contains("gateway")) text += " via " + route.at("gateway").get<std::string>();
  return text + " dev " + route.value("dev", "");
}

}  // namespace

json ip(const Namespace& netns, const std::vector<std::string>& arguments) {
  const auto outcome = run_in_netns(netns, {"ip", "-j"}, arguments);
  return outcome.out.empty() ? json::array() : json::parse(outcome.out);
}

void run_ip(const Namespace& netns, const std::vector<std::string>& arguments) {
  run_in_netns(netns, {"ip"}, arguments);
}

void rename_interface(const Namespace& netns, const std::string& interface, const std::string& name) {
  run_ip(netns, {"link", "set", interface, "down"});
  run_ip(netns, {"link", "set", interface, "name", name});
}

void bring_up_without_address(const Namespace& netns, const std::string& interface) {
  run_ip(netns, {"link", "set", interface, "addrgenmode", "none"});
  run_ip(netns, {"link", "set", interface, "up"});
}

bool ping(const Namespace& from, const std::string& address, int tries) {
  const auto outcome = run({.argv = {"ping", "-n", "-c1", "-W2", address}, .inside = &from});
  return outcome.exit == 0 || (tries > 1 && ping(from, address, tries - 1));
}

std::vector<std::string> addresses(const Namespace& netns, const std::string& interface) {
  std::vector<std::string> all;
  const auto links = ip(netns, {"address", "show", "dev", interface});
  for (const auto& address : links.at(0).at("addr_info")) {
    if (address.at("family") == "inet6" && address.at("scope") == "link") continue;
    all.push_back(address.at("local").get<std::string>() + "/" + std::to_string(address.at("prefixlen").get<int>()));
  }
  return all;
}

std::vector<std::string> routes(const Namespace& netns, int family) {
  std::vector<std::string> all;
  for (const auto& route : ip(netns, {"-" + std::to_string(family), "route", "show", "table", "main"})) {
    if (!is_link_local_or_multicast(route.at("dst").get<std::string>())) all.push_back(route_text(route));
  }
  return all;
}

bool has_interface(const Namespace& netns, const std::string& name) {
  const auto links = ip(netns, {"link"});
  return std::any_of(links.begin(), links.end(), [&](const json& link) { return link.value("ifname", "") == name; });
}

}  // namespace support
