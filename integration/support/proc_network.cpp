#include "integration/support/proc_network.hpp"

#include "plugin/posix/file_descriptor.hpp"
#include "plugin/posix/system_error.hpp"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <sstream>

namespace support {
namespace {

using Lines = std::vector<std::string>;
using Words = std::vector<std::string>;

std::string joined(const Words& words) {
  std::string text;
  for (const auto& word : words) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

/// /proc/net would be that of the first thread of the process.
std::ifstream open_proc_net(const std::string& name) { return std::ifstream{"/proc/thread-self/net/" + name}; }

/// Adds the lines of a file, reduced to these columns.
void add_columns(const std::string& name, const std::vector<std::size_t>& columns, Lines& lines) {
  auto file = open_proc_net(name);
  for (std::string line; std::getline(file, line);) {
    std::istringstream text{line};
    const Words words{std::istream_iterator<std::string>{text}, {}};
    std::string chosen = name;
    for (const auto column : columns) chosen.append(" ").append(column < words.size() ? words[column] : "");
    lines.push_back(std::move(chosen));
  }
}

/// Only the leaves: the tree depends on the order in which they were added.
void add_ipv4_routes(Lines& lines) {
  auto file = open_proc_net("fib_trie");
  std::set<std::string> routes;
  std::string leaf;
  for (std::string line; std::getline(file, line);) {
    const auto begin = std::min(line.find_first_not_of(' '), line.size());
    const auto text = line.substr(begin);
    if (text.starts_with("|--")) leaf = text;
    if (text.starts_with("/")) routes.insert(joined({"fib_trie", leaf, text}));
  }
  lines.insert(lines.end(), routes.begin(), routes.end());
}

Lines interface_names() {
  const std::unique_ptr<struct if_nameindex, decltype(&::if_freenameindex)> all{::if_nameindex(), ::if_freenameindex};
  if (!all) posix::throw_errno("list interfaces");
  Lines names;
  for (const auto* entry = all.get(); entry->if_index != 0; ++entry) names.emplace_back(entry->if_name);
  return names;
}

ifreq interface_ioctl(int socket, unsigned long request_number, const std::string& interface) {
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  if (::ioctl(socket, request_number, &request) < 0) posix::throw_errno("read interface " + interface);
  return request;
}

std::string hexadecimal(const sockaddr& address) {
  constexpr std::size_t size = 6;
  std::ostringstream text;
  text << std::hex;
  for (std::size_t i = 0; i < size; ++i)
    text << ':' << static_cast<int>(static_cast<unsigned char>(address.sa_data[i]));
  return text.str();
}

void add_interfaces(Lines& lines) {
  const posix::FileDescriptor socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket) posix::throw_errno("open a socket");
  for (const auto& name : interface_names()) {
    const auto flags = interface_ioctl(socket.get(), SIOCGIFFLAGS, name).ifr_flags & ~IFF_RUNNING;
    const auto mtu = interface_ioctl(socket.get(), SIOCGIFMTU, name).ifr_mtu;
    const auto mac = hexadecimal(interface_ioctl(socket.get(), SIOCGIFHWADDR, name).ifr_hwaddr);
    lines.push_back(
        joined({"interface", name, "flags", std::to_string(flags), "mtu", std::to_string(mtu), "mac", mac}));
  }
}

}  // namespace

std::vector<std::string> proc_network() {
  Lines lines;
  add_interfaces(lines);
  add_ipv4_routes(lines);
  add_columns("if_inet6", {0, 2, 5}, lines);  // address, prefix length, interface
  add_columns("ipv6_route", {0, 1, 4, 5, 8, 9},
              lines);                    // destination and its length, gateway, metric, flags, interface
  add_columns("arp", {0, 3, 5}, lines);  // address, MAC, interface
  return lines;
}

std::vector<std::string> proc_settings() {
  auto interfaces = interface_names();
  interfaces.insert(interfaces.end(), {"all", "default"});
  Lines lines;
  for (const std::string family : {"ipv4", "ipv6"}) {
    for (const auto& interface : interfaces) {
      std::error_code is_gone;
      const std::filesystem::path folder = std::filesystem::path{"/proc/sys/net"} / family / "conf" / interface;
      for (const auto& entry : std::filesystem::directory_iterator{folder, is_gone}) {
        std::string value;
        std::getline(std::ifstream{entry.path()}, value);
        lines.push_back(joined({family, interface, entry.path().filename().string(), value}));
      }
    }
  }
  return lines;
}

}  // namespace support
