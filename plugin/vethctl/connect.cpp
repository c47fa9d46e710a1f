#include "plugin/cni/error.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/verbs/add.hpp"
#include "plugin/vethctl/cable.hpp"
#include "plugin/vethctl/cable_addresses.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/words.hpp"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <iterator>
#include <set>

// An attachment made by hand: the same steps as an ADD, for network "vethctl", which no runtime's GC touches.
namespace vethctl {
namespace {

cni::Prefix read_prefix(const std::string& text) {
  if (const auto prefix = cni::find_prefix(text)) return *prefix;
  throw UsageError{"\"" + text + "\": must be an IP address with the length of its prefix, as in 192.168.10.1/24"};
}

/// nullopt where an end can have it.
std::optional<std::string> fault_of(const cni::Prefix& prefix) {
  const auto& address = prefix.address;
  if (cni::is_multicast(address) || cni::is_loopback(address)) return "no interface can have it";
  if (prefix.length + 1U >= cni::address_length(address.family)) return std::nullopt;
  if (address == cni::first_address(prefix)) return "is the address of the network itself";
  const bool is_broadcast = address.family == cni::Family::ipv4 && address == cni::last_address(prefix);
  return is_broadcast ? std::optional<std::string>{"is the broadcast address of its network"} : std::nullopt;
}

void require_usable(const cni::Prefix& prefix, const std::string& option) {
  const auto fault = fault_of(prefix);
  if (fault) throw UsageError{"--" + option + ' ' + cni::to_string(prefix) + ": " + *fault};
}

/// "none" is none.
std::vector<cni::Prefix> read_prefixes(const Arguments& arguments, const std::string& option) {
  std::vector<cni::Prefix> prefixes;
  const auto texts = arguments.values(option);
  if (texts == std::vector<std::string>{"none"}) return prefixes;
  for (const auto& text : texts) {
    prefixes.push_back(read_prefix(text));
    require_usable(prefixes.back(), option);
  }
  return prefixes;
}

/// An address on both ends, or twice on one, would be reached by nobody.
void require_distinct(const CableAddresses& addresses) {
  std::set<cni::IpAddress> known;
  for (const auto* end : {&addresses.one, &addresses.other}) {
    for (const auto& prefix : *end) {
      if (known.insert(prefix.address).second) continue;
      throw UsageError{"address " + cni::to_string(prefix.address) + " is given twice"};
    }
  }
}

std::uint32_t read_mtu(const std::string& text) {
  constexpr std::uint32_t smallest = 68;
  constexpr std::uint32_t largest = 65535;
  std::uint32_t mtu = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, mtu);
  if (read.ec == std::errc{} && read.ptr == end && mtu >= smallest && mtu <= largest) return mtu;
  throw UsageError{"--mtu \"" + text + "\": must be a number from 68 to 65535"};
}

/// One end of the cable, and which options are about it.
struct Side {
  End end;
  const char* interface_option;
  const char* address_option;
};

struct Sides {
  Side container;
  Side other;
};

/// The end of the host itself or of a bridge cannot be the container's.
Sides read_sides(const Arguments& arguments) {
  Side one{find_end(arguments.operands.at(0)), "ifname", "address"};
  Side other{find_end(arguments.operands.at(1)), "peer-ifname", "peer-address"};
  if (one.end.kind == End::Kind::netns) return {one, other};
  if (other.end.kind == End::Kind::netns) return {other, one};
  throw UsageError{"one of the two ends has to be a namespace"};
}

/// Options that would be ignored are none that anybody wanted.
void refuse_idle_options(const Sides& sides, const Arguments& arguments) {
  if (sides.other.end.kind != End::Kind::bridge) return;
  for (const std::string option : {sides.other.interface_option, sides.other.address_option}) {
    if (arguments.has(option)) throw UsageError{"--" + option + " is of no use: that end is a bridge"};
  }
}

/// In the words of whoever named it.
void require_namespace(const End& end, kernel::Inspector& inspector) {
  if (end.kind != End::Kind::netns) return;
  if (!posix::find_file(AT_FDCWD, end.path, O_PATH)) {
    throw cni::Error{cni::ErrorCode::invalid_netns, "there is no network namespace " + text::quoted(end.path),
                     end.path.starts_with("/proc/")
                         ? "there is no such process"
                         : "ip netns list shows those that have names, ip netns add NAME makes one"};
  }
  inspector.kernel.open_namespace(end.path, true);
  try {
    inspector.kernel.open_namespace(end.path, false);
  } catch (const cni::Error&) {
    throw UsageError{text::quoted(end.path) + " is the network namespace of the host itself: name it \"host\""};
  }
}

/// All that is taken on this node, and in both namespaces.
std::vector<cni::Prefix> taken_addresses(const Sides& sides, kernel::Inspector& inspector, const Console& console) {
  std::vector<cni::Prefix> taken;
  for (const auto& path : {std::string{inspect::host_namespace_path}, sides.container.end.path, sides.other.end.path}) {
    std::ranges::move(inspector.addresses(inspector.kernel.open_namespace(path, true)), std::back_inserter(taken));
  }
  for (const auto& attachment :
       inspect::read_attachments(inspector, inspect::open_folders(console.root, console.configurations))) {
    std::ranges::copy(attachment.addresses, std::back_inserter(taken));
    std::ranges::copy(attachment.peer_addresses, std::back_inserter(taken));
  }
  std::erase_if(taken, [](const cni::Prefix& prefix) { return cni::is_link_local(prefix.address); });
  return taken;
}

CableAddresses choose(const Sides& sides, kernel::Inspector& inspector, const Console& console) {
  if (auto chosen = choose_addresses(taken_addresses(sides, inspector, console))) return *std::move(chosen);
  throw UsageError{"no network from 192.168.10.0/24 to 192.168.254.0/24 is free: give --address and --peer-address"};
}

/// What is given for one end alone, the other is given to match. A bridge is no end with addresses of its own.
CableAddresses addresses_for(const Sides& sides, const Arguments& arguments, kernel::Inspector& inspector,
                             const Console& console) {
  const bool has_own = arguments.has(sides.container.address_option);
  const bool has_others = arguments.has(sides.other.address_option);
  CableAddresses addresses{read_prefixes(arguments, sides.container.address_option),
                           read_prefixes(arguments, sides.other.address_option)};
  require_distinct(addresses);
  if (sides.other.end.kind == End::Kind::bridge) return addresses;
  if (!has_own && !has_others) return choose(sides, inspector, console);
  if (!has_own) addresses.one = counterparts_of(addresses.other);
  if (!has_others) addresses.other = counterparts_of(addresses.one);
  return addresses;
}

bool is_ipv6(const cni::Prefix& prefix) { return prefix.address.family == cni::Family::ipv6; }

/// A link that is too narrow for IPv6 (RFC 8200, section 5) is chosen no address of it.
void drop_ipv6(CableAddresses& addresses) {
  std::erase_if(addresses.one, is_ipv6);
  std::erase_if(addresses.other, is_ipv6);
}

bool has_ipv6(const CableAddresses& addresses) {
  return std::ranges::any_of(addresses.one, is_ipv6) || std::ranges::any_of(addresses.other, is_ipv6);
}

void join(cni::Request& request, const Side& other, const Arguments& arguments) {
  if (other.end.kind == End::Kind::bridge) {
    request.config.mode = cni::Mode::bridge;
    request.config.bridge.name = other.end.name;
    return;
  }
  request.config.mode = cni::Mode::netns;
  const bool is_host = other.end.kind == End::Kind::host;
  const auto own_name = cni::host_interface_name(cni::tag_of(request.attachment));
  request.config.peer = {.netns = other.end.path,
                         .interface = is_host && !arguments.has(other.interface_option)
                                          ? own_name
                                          : read_interface(arguments, other.interface_option),
                         .may_be_the_hosts = is_host};
}

void lease(cni::Request& request, const CableAddresses& addresses) {
  request.config.peer.addresses = addresses.other;
  for (const auto& prefix : addresses.one) request.config.ipam.addresses.push_back({prefix});
  if (!addresses.one.empty()) request.config.ipam.type = "veth-ipam";
}

cni::Request connection(const Arguments& arguments, kernel::Inspector& inspector, const Console& console) {
  constexpr std::uint32_t smallest_ipv6_mtu = 1280;
  const auto sides = read_sides(arguments);
  refuse_idle_options(sides, arguments);
  for (const auto* side : {&sides.container, &sides.other}) require_namespace(side->end, inspector);
  auto request = cable_request(sides.container.end, read_interface(arguments, sides.container.interface_option));
  join(request, sides.other, arguments);
  if (const auto mtu = arguments.value("mtu")) request.config.mtu = read_mtu(*mtu);
  auto addresses = addresses_for(sides, arguments, inspector, console);
  if (request.config.mtu.value_or(smallest_ipv6_mtu) < smallest_ipv6_mtu) {
    const bool is_chosen = !arguments.has("address") && !arguments.has("peer-address");
    if (is_chosen) drop_ipv6(addresses);
    if (has_ipv6(addresses)) throw UsageError{"--mtu " + *arguments.value("mtu") + ": IPv6 needs at least 1280"};
  }
  lease(request, addresses);
  return request;
}

std::string told_of(const std::string& end, const std::string& interface, const std::vector<std::string>& addresses) {
  return "  " + end + ", interface " + interface + ": " +
         (addresses.empty() ? "no address but a link-local one" : text::joined(addresses, ", ")) + '\n';
}

std::string told_of_bridge(const std::string& name, bool was_there) {
  return "  port of bridge " + name + (was_there ? "\n" : ", which was made now and will stay\n");
}

/// `had_bridge`: the bridge was there before.
std::string told(const cni::Request& request, bool had_bridge) {
  const auto& [network, container, interface] = request.attachment;
  const auto& config = request.config;
  std::vector<cni::Prefix> own;
  for (const auto& leased : config.ipam.addresses) own.push_back(leased.address);
  auto text = "connected: attachment " + network + '/' + container + '/' + interface + '\n' +
              told_of(container, interface, report::texts(own));
  text += config.mode == cni::Mode::bridge ? told_of_bridge(config.bridge.name, had_bridge)
                                           : told_of(report::namespace_words(config.peer.netns), config.peer.interface,
                                                     report::texts(config.peer.addresses));
  return text + "take it back with: vethctl disconnect " + container + " --ifname " + interface + '\n';
}

bool is_there(const std::string& interface, kernel::Inspector& inspector) {
  return inspector.find_interface(interface, inspector.kernel.open_namespace(inspect::host_namespace_path, true))
      .has_value();
}

/// What stands already is told of as people know it.
void add(const cni::Request& request, kernel::Inspector& inspector, const std::string& root,
         const std::function<void(std::string_view)>& answer) try {
  verbs::add(request, inspector.kernel, root, answer);
} catch (const cni::Error& error) {
  if (error.code != static_cast<unsigned>(cni::ErrorCode::already_attached)) throw;
  const auto& [network, container, interface] = request.attachment;
  throw cni::Error{cni::ErrorCode::already_attached, container + " is connected by " + interface + " already",
                   "another cable needs another interface (--ifname, --peer-ifname); vethctl disconnect " + container +
                       " --ifname " + interface + " takes this one back"};
}

int connect(const Arguments& arguments, const Console& console) {
  kernel::LinuxKernel kernel;
  kernel::LinuxInspector inspector{kernel};
  const auto request = connection(arguments, inspector, console);
  const bool had_bridge = request.config.mode == cni::Mode::bridge && is_there(request.config.bridge.name, inspector);
  const auto tell = [&](std::string_view result) {
    console.print(arguments.wants_json() ? std::string{result} : told(request, had_bridge));
  };
  add(request, inspector, console.root, tell);
  return success;
}

}  // namespace

Command connect_command() {
  return {.name = "connect",
          .operands = "END END",
          .least = 2,
          .most = 2,
          .summary = "join two ends by a veth pair, like a cable",
          .description =
              "Joins two ends by a veth pair. An END is the name of a namespace in /run/netns, a path to one, the "
              "number of a process in one, \"host\", or \"bridge:NAME\"; at least one of the two is a namespace. The "
              "attachment belongs to network \"vethctl\", which no runtime's GC touches.\n\nEach end gets the "
              "addresses that are given for it, a connected route for each, and a link-local address. An end for which "
              "none is given gets one in each network of the other end's; where none is given at all, both get one of "
              "each family in a network that is free: 192.168.10.0/24 and fd00:192:168:10::/64, or the next. To a "
              "bridge a namespace is joined without an address, unless one is given. What was chosen is told.",
          .options = {{.name = "address",
                       .value = "CIDR",
                       .help = "address of the first end, or \"none\"; may be given again"},
                      {.name = "peer-address",
                       .value = "CIDR",
                       .help = "address of the second end, or \"none\"; may be given again"},
                      {.name = "ifname", .value = "NAME", .help = "interface in the first end (default: eth0)"},
                      {.name = "peer-ifname",
                       .value = "NAME",
                       .help = "interface in the second end (default: eth0; on the host a name of its own)"},
                      {.name = "mtu", .value = "BYTES", .help = "MTU of both ends (default: 1500)"},
                      output_option()},
          .run = connect};
}

}  // namespace vethctl
