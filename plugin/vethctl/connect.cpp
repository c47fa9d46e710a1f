#include "plugin/attachment/state_folder.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/verbs/add.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/connection.hpp"
#include "plugin/vethctl/connection_addresses.hpp"
#include "plugin/vethctl/explanation.hpp"
#include "plugin/vethctl/inspect/find_attachment.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/format.hpp"
#include "plugin/vethctl/side_effects.hpp"
#include "plugin/wiring/wiring.hpp"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <iterator>
#include <set>

// `vethctl connect` runs the steps of an ADD for network "vethctl", which belongs to no runtime.
namespace vethctl {
namespace {

cni::Prefix read_prefix(const std::string& text) {
  if (const auto prefix = cni::find_prefix(text)) return *prefix;
  throw UsageError{text::quoted(text) + ": must be an IP address with a prefix length, as in 192.168.10.1/24"};
}

/// Why the address cannot be assigned to an interface; nullopt if it can.
std::optional<std::string> find_fault(const cni::Prefix& prefix) {
  const auto& address = prefix.address;
  if (cni::is_multicast(address) || cni::is_loopback(address)) return "cannot be assigned to an interface";
  if (prefix.length + 1U >= cni::address_length(address.family)) return std::nullopt;
  if (address == cni::first_address(prefix)) return "is the address of the network itself";
  const bool is_broadcast = address.family == cni::Family::ipv4 && address == cni::last_address(prefix);
  return is_broadcast ? std::optional<std::string>{"is the broadcast address of its network"} : std::nullopt;
}

void require_usable(const cni::Prefix& prefix, const std::string& option) {
  const auto fault = find_fault(prefix);
  if (fault) throw UsageError{"--" + option + ' ' + cni::to_string(prefix) + ": " + *fault};
}

/// The value "none" means no address.
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

/// An address on both ends, or twice on one end, could not be reached.
void require_distinct(const ConnectionAddresses& addresses) {
  std::set<cni::IpAddress> known;
  for (const auto* end : {&addresses.container, &addresses.other}) {
    for (const auto& prefix : *end) {
      if (known.insert(prefix.address).second) continue;
      throw UsageError{"address " + cni::to_string(prefix.address) + " is given twice"};
    }
  }
}

std::uint32_t read_mtu(const std::string& text) {
  constexpr std::uint32_t min_mtu = 68;
  constexpr std::uint32_t max_mtu = 65535;
  std::uint32_t mtu = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, mtu);
  if (read.ec == std::errc{} && read.ptr == end && mtu >= min_mtu && mtu <= max_mtu) return mtu;
  throw UsageError{"--mtu " + text::quoted(text) + ": must be a number of bytes from 68 to 65535"};
}

/// One end of the connection, and the options that belong to it.
struct Side {
  End end;
  const char* interface_option;
  const char* address_option;
};

struct Sides {
  Side container;
  Side other;
};

/// The container end is the first one that is a namespace; of a Linux bridge and one of Open vSwitch, the latter.
/// Options belong to operands by their position.
Sides read_sides(const Arguments& arguments) {
  Side first{parse_end(arguments.operands.at(0)), "ifname", "address"};
  Side second{parse_end(arguments.operands.at(1)), "peer-ifname", "peer-address"};
  if (first.end.kind == End::Kind::netns) return {first, second};
  if (second.end.kind == End::Kind::netns) return {second, first};
  if (first.end.kind == End::Kind::ovs && second.end.kind == End::Kind::bridge) return {first, second};
  if (second.end.kind == End::Kind::ovs && first.end.kind == End::Kind::bridge) return {second, first};
  throw UsageError{
      "cannot connect " + text::quoted(arguments.operands.at(0)) + " and " + text::quoted(arguments.operands.at(1)) +
      ": at least one END must be a network namespace, or one a Linux bridge and the other one a bridge of "
      "Open vSwitch"};
}

bool is_joint(const Sides& sides) { return sides.container.end.kind == End::Kind::ovs; }

/// A bridge gets no interface name and no addresses. Of a pair between two bridges, the end in Open vSwitch has a name.
void refuse_unused_options(const Sides& sides, const Arguments& arguments) {
  std::vector<std::string> unused;
  if (is_switch(sides.other.end)) unused = {sides.other.interface_option, sides.other.address_option};
  if (is_joint(sides)) unused.emplace_back(sides.container.address_option);
  for (const auto& option : unused) {
    if (arguments.has(option))
      throw UsageError{"--" + option + " has no effect: its END is a bridge. Remove the option"};
  }
  const bool has_ovs = is_joint(sides) || sides.other.end.kind == End::Kind::ovs;
  for (const std::string option : {"vlan", "socket"}) {
    if (arguments.has(option) && !has_ovs) throw UsageError{"--" + option + " has no effect: no END is ovs:NAME"};
  }
}

void refuse_one_interface(const cni::Request& request) {
  const auto& peer = request.config.peer;
  if (request.config.mode != cni::Mode::netns || peer.netns != request.netns) return;
  if (peer.interface != request.attachment.interface) return;
  throw UsageError{"both ends would be interface " + text::quoted(peer.interface) +
                   " of one namespace: set --peer-ifname"};
}

/// Without this check, open_namespace() would report CNI_NETNS, which is not set here.
void require_namespace(const End& end, kernel::Inspector& inspector) {
  if (end.kind != End::Kind::netns) return;
  if (!posix::find_file(AT_FDCWD, end.path, O_PATH)) {
    throw cni::Error{cni::ErrorCode::invalid_netns, "network namespace " + text::quoted(end.path) + " does not exist",
                     end.path.starts_with("/proc/") ? "the process does not exist"
                                                    : "create it with ip netns add NAME, or see ip netns list"};
  }
  inspector.kernel.open_namespace(end.path, true);
  try {
    inspector.kernel.open_namespace(end.path, false);
  } catch (const cni::Error&) {
    throw UsageError{text::quoted(end.path) + " is the network namespace of the host: use \"host\" instead"};
  }
}

std::vector<inspect::Attachment> read_attachments(kernel::Inspector& inspector, const Console& console) {
  return inspect::read_attachments(inspector, inspect::open_folders(console.root, console.configurations));
}

/// The addresses of the host, of both namespaces and of all attachments.
std::vector<cni::Prefix> taken_addresses(const Sides& sides, kernel::Inspector& inspector, const Console& console) {
  std::vector<cni::Prefix> taken;
  for (const auto& path : {std::string{inspect::host_namespace_path}, sides.container.end.path, sides.other.end.path}) {
    std::ranges::move(inspector.addresses(inspector.kernel.open_namespace(path, true)), std::back_inserter(taken));
  }
  for (const auto& attachment : read_attachments(inspector, console)) {
    std::ranges::copy(attachment.addresses, std::back_inserter(taken));
    std::ranges::copy(attachment.peer_addresses, std::back_inserter(taken));
  }
  std::erase_if(taken, [](const cni::Prefix& prefix) { return cni::is_link_local(prefix.address); });
  return taken;
}

ConnectionAddresses choose(const Sides& sides, kernel::Inspector& inspector, const Console& console) {
  if (auto chosen = choose_addresses(taken_addresses(sides, inspector, console))) return *std::move(chosen);
  throw UsageError{"no network from 192.168.10.0/24 to 192.168.254.0/24 is free: give --address and --peer-address"};
}

/// Whether an end of the attachment is in the namespace, or the host, if that is the namespace, routes its packets.
bool has_end_in(const std::string& netns, const inspect::Attachment& attachment) {
  const bool is_on_host = attachment.peer_netns.empty();
  return attachment.netns == netns || attachment.peer_netns == netns ||
         (is_on_host && netns == inspect::host_namespace_path);
}

void add_used(const std::vector<cni::Prefix>& prefixes, const std::string& user, std::vector<UsedAddress>& used) {
  for (const auto& [address, length] : prefixes) {
    if (!cni::is_link_local(address)) used.push_back({address, user});
  }
}

/// The addresses in the namespaces of the connection. A connection is a network of its own, so those of other
/// namespaces may be the same.
std::vector<UsedAddress> used_addresses(const Sides& sides, kernel::Inspector& inspector,
                                        const std::vector<inspect::Attachment>& attachments) {
  std::vector<UsedAddress> used;
  for (const auto* side : {&sides.container, &sides.other}) {
    const auto& [kind, name, path] = side->end;
    if (is_switch(side->end)) continue;
    for (const auto& attachment : attachments) {
      if (!has_end_in(path, attachment)) continue;
      add_used(attachment.addresses, "attachment " + inspect::name_of(attachment), used);
      add_used(attachment.peer_addresses, "attachment " + inspect::name_of(attachment), used);
    }
    add_used(inspector.addresses(inspector.kernel.open_namespace(path, true)),
             kind == End::Kind::host ? "the host" : "an interface of " + name, used);
  }
  return used;
}

bool is_among(const cni::Attachment& attachment, const std::vector<inspect::Attachment>& attachments) {
  return std::ranges::find(attachments, cni::tag_of(attachment), &inspect::Attachment::tag) != attachments.end();
}

bool is_ipv6(const cni::Prefix& prefix) { return prefix.address.family == cni::Family::ipv6; }

bool permits_ipv6(const cni::Request& request) {
  return request.config.mtu.value_or(wiring::min_ipv6_mtu) >= wiring::min_ipv6_mtu;
}

void drop_ipv6(ConnectionAddresses& addresses) {
  std::erase_if(addresses.container, is_ipv6);
  std::erase_if(addresses.other, is_ipv6);
}

bool has_ipv6(const ConnectionAddresses& addresses) {
  return std::ranges::any_of(addresses.container, is_ipv6) || std::ranges::any_of(addresses.other, is_ipv6);
}

/// If addresses are given for one end only, the other end gets matching ones. A bridge gets none. nullopt if none are
/// given.
std::optional<ConnectionAddresses> find_given_addresses(const Sides& sides, const Arguments& arguments,
                                                        const cni::Request& request) {
  const bool has_container = arguments.has(sides.container.address_option);
  const bool has_other = arguments.has(sides.other.address_option);
  const bool is_port = is_switch(sides.other.end);
  if (!has_container && !has_other && !is_port) return std::nullopt;
  ConnectionAddresses addresses{read_prefixes(arguments, sides.container.address_option),
                                read_prefixes(arguments, sides.other.address_option)};
  require_distinct(addresses);
  if (!has_container && !is_port) addresses.container = peer_addresses_for(addresses.other);
  if (!has_other && !is_port) addresses.other = peer_addresses_for(addresses.container);
  if (permits_ipv6(request) || !has_ipv6(addresses)) return addresses;
  throw UsageError{"--mtu " + *arguments.value("mtu") +
                   ": IPv6 needs at least 1280. Use a larger MTU, or give only IPv4 addresses"};
}

std::uint16_t read_vlan(const std::string& text) {
  constexpr std::uint16_t max_vlan = 4094;
  std::uint16_t vlan = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, vlan);
  if (read.ec == std::errc{} && read.ptr == end && vlan >= 1 && vlan <= max_vlan) return vlan;
  throw UsageError{"--vlan " + text::quoted(text) + ": must be a VLAN ID from 1 to 4094"};
}

void set_ovs(cni::Request& request, const End& ovs, const Arguments& arguments) {
  auto& config = request.config.ovs;
  config.bridge = ovs.name;
  if (const auto socket = arguments.value("socket")) config.socket = *socket;
  if (const auto vlan = arguments.value("vlan")) {
    config.vlan = read_vlan(*vlan);
    config.vlan_mode = "access";
  }
}

void set_mode(cni::Request& request, const Side& other, const Arguments& arguments) {
  if (other.end.kind == End::Kind::ovs) {
    request.config.mode = cni::Mode::ovs;
    return set_ovs(request, other.end, arguments);
  }
  if (other.end.kind == End::Kind::bridge) {
    request.config.mode = cni::Mode::bridge;
    request.config.bridge.name = other.end.name;
    return;
  }
  request.config.mode = cni::Mode::netns;
  const bool is_host = other.end.kind == End::Kind::host;
  const auto default_name = cni::host_interface_name(cni::tag_of(request.attachment));
  request.config.peer = {.netns = other.end.path,
                         .interface = is_host && !arguments.has(other.interface_option)
                                          ? default_name
                                          : read_interface(arguments, other.interface_option),
                         .allow_host_netns = is_host};
}

/// The ports of a bridge share a network, so their addresses are reserved.
void set_addresses(cni::Request& request, const ConnectionAddresses& addresses) {
  request.config.peer.addresses = addresses.other;
  for (const auto& prefix : addresses.container) request.config.ipam.addresses.push_back({prefix});
  if (!addresses.container.empty()) request.config.ipam.type = "veth-ipam";
  request.config.ipam.reserves_addresses = request.config.mode != cni::Mode::netns;
}

std::string container_interface(const Sides& sides, const Arguments& arguments) {
  const auto* option = sides.container.interface_option;
  if (is_joint(sides) && !arguments.has(option)) return joint_interface(sides.container.end, sides.other.end);
  return read_interface(arguments, option);
}

/// A request without addresses. Throws before anything is created.
cni::Request build_request(const Sides& sides, const Arguments& arguments, kernel::Inspector& inspector) {
  refuse_unused_options(sides, arguments);
  for (const auto* side : {&sides.container, &sides.other}) require_namespace(side->end, inspector);
  auto request = connect_request(sides.container.end, container_interface(sides, arguments));
  set_mode(request, sides.other, arguments);
  if (is_joint(sides)) {
    request.netns = inspect::host_namespace_path;
    request.netns_override = true;
    set_ovs(request, sides.container.end, arguments);
  }
  refuse_one_interface(request);
  if (const auto mtu = arguments.value("mtu")) request.config.mtu = read_mtu(*mtu);
  return request;
}

std::string end_text(const std::string& end, const std::string& interface, const std::vector<std::string>& addresses) {
  return "  " + end + ", interface " + interface + ": " +
         (addresses.empty() ? "only a link-local address" : text::joined(addresses, ", ")) + '\n';
}

/// The end that is a port of a bridge, or is in a second namespace.
std::string other_end_text(const cni::Request& request, const SideEffects& effects) {
  const auto& config = request.config;
  if (config.mode == cni::Mode::ovs) return "  port of bridge " + config.ovs.bridge + " of Open vSwitch\n";
  if (config.mode == cni::Mode::bridge) {
    return "  port of bridge " + config.bridge.name +
           (!effects.created_bridge.empty() ? " (created; disconnect does not remove it)\n" : "\n");
  }
  return end_text(report::format_namespace(config.peer.netns), config.peer.interface,
                  report::texts(config.peer.addresses));
}

bool is_joint(const cni::Request& request) {
  return request.config.mode == cni::Mode::bridge && !request.config.ovs.bridge.empty();
}

std::string container_end_text(const cni::Request& request) {
  const auto& [network, container, interface] = request.attachment;
  if (is_joint(request))
    return "  interface " + interface + ", port of bridge " + request.config.ovs.bridge + " of Open vSwitch\n";
  std::vector<cni::Prefix> own;
  for (const auto& leased : request.config.ipam.addresses) own.push_back(leased.address);
  return end_text(container, interface, report::texts(own));
}

std::string to_text(const cni::Request& request, const SideEffects& effects) {
  const auto& [network, container, interface] = request.attachment;
  auto text = "connected: attachment " + network + '/' + container + '/' + interface + '\n' +
              container_end_text(request) + other_end_text(request, effects);
  std::vector<std::string> loopbacks;
  for (const auto& path : effects.loopbacks) loopbacks.push_back(report::format_namespace(path));
  if (!loopbacks.empty()) text += "  lo set up in " + text::joined(loopbacks, ", ") + '\n';
  const auto end = is_joint(request) ? std::string{inspect::ovs_prefix} + container : container;
  return text + "to disconnect: vethctl disconnect " + end + " --ifname " + interface + '\n';
}

bool is_bridge_missing(const cni::Request& request, kernel::Inspector& inspector) {
  if (request.config.mode != cni::Mode::bridge) return false;
  const auto host = inspector.kernel.open_namespace(inspect::host_namespace_path, true);
  return !inspector.find_interface(request.config.bridge.name, host);
}

/// Reports an existing connection in the terms of this command.
void add(const cni::Request& request, kernel::Inspector& inspector, state::Folder& folder,
         const std::function<void(std::string_view)>& answer) try {
  verbs::add(request, inspector.kernel, folder, answer);
} catch (const cni::Error& error) {
  if (error.code != static_cast<unsigned>(cni::ErrorCode::already_attached)) throw;
  const auto& [network, container, interface] = request.attachment;
  throw cni::Error{
      cni::ErrorCode::already_attached, "interface " + interface + " of " + container + " is already connected",
      "use another interface (--ifname, --peer-ifname), or vethctl disconnect " + container + " --ifname " + interface};
}

ConnectionAddresses choose_for(const cni::Request& request, const Sides& sides, kernel::Inspector& inspector,
                               const Console& console) {
  auto addresses = choose(sides, inspector, console);
  if (!permits_ipv6(request)) drop_ipv6(addresses);
  return addresses;
}

/// Whether lo of the namespaces is down is not read: setting it up again changes nothing.
std::string explain_loopbacks(const cni::Request& request, const Arguments& arguments) {
  std::string text;
  if (arguments.has("no-lo")) return text;
  for (const auto& path : {request.netns, request.config.peer.netns}) {
    if (!path.empty() && path != inspect::host_namespace_path) text += explain_loopback(path);
  }
  return text;
}

int add_connection(const cni::Request& request, const Arguments& arguments, kernel::Inspector& inspector,
                   state::Folder& folder, const Console& console) {
  SideEffects effects;
  if (is_bridge_missing(request, inspector)) effects.created_bridge = request.config.bridge.name;
  const auto print = [&](std::string_view result) {
    if (!arguments.has("no-lo")) set_up_loopbacks(request, inspector.kernel, effects);
    console.print(arguments.wants_json() ? std::string{result} : to_text(request, effects));
  };
  revert_on_failure(effects, inspector.kernel, console, [&] { add(request, inspector, folder, print); });
  if (arguments.has("explain-also"))
    console.warn(explain_loopbacks(request, arguments) + explain_recorded(request.attachment, folder));
  return success;
}

/// The lock keeps two simultaneous commands from using the same addresses in one namespace. An existing connection with
/// the same container end is reported, or torn down if it is stale, by the ADD itself.
int connect(const Arguments& arguments, const Console& console) {
  check_explain_options(arguments);
  std::optional<PlanFolder> plan;
  std::optional<state::Folder> opened;
  kernel::LinuxKernel kernel;
  kernel::LinuxInspector inspector{kernel};
  const auto sides = read_sides(arguments);
  auto request = build_request(sides, arguments, inspector);
  const auto given = find_given_addresses(sides, arguments, request);
  if (arguments.has("explain")) plan.emplace(console.root, inspect::connect_network);
  if (!plan) opened = attachment::open_folder(console.root, inspect::connect_network);
  auto& folder = plan ? plan->folder() : *opened;
  const auto lock = folder.locks.connections();
  if (given) {
    const auto attachments = read_attachments(inspector, console);
    if (!is_among(request.attachment, attachments)) {
      require_unused(*given, used_addresses(sides, inspector, attachments));
    }
  }
  set_addresses(request, given ? *given : choose_for(request, sides, inspector, console));
  if (!plan) return add_connection(request, arguments, inspector, folder, console);
  print_commands(explain_loopbacks(request, arguments) + explain_add(request, kernel, folder), arguments, console);
  return success;
}

constexpr auto connect_description =
    "Creates a veth pair between two ends. An END is one of: the name of a network namespace in /run/netns; "
    "the path of a network namespace; a process ID, for the network namespace of that process; \"host\"; "
    "\"bridge:NAME\", a Linux bridge; \"ovs:NAME\", a bridge of Open vSwitch. At least one END must be a network "
    "namespace, or one a Linux bridge and the other one a bridge of Open vSwitch, which the pair joins then. A "
    "missing Linux bridge is created. The connection is an attachment of network \"vethctl\", which belongs to no "
    "runtime.\n\nEach end gets the addresses that are given for it, a connected route for each, and a "
    "link-local address. If addresses are given for one end only, the other end gets an address in each of "
    "their networks. If none are given, both ends get an IPv4 and an IPv6 address of the first free networks, "
    "beginning with 192.168.10.0/24 and fd00:192:168:10::/64. A port of a bridge gets only the given "
    "addresses. The addresses are printed.\n\nA connection is a network of its own: other connections may have the "
    "same addresses, unless they have an end in one of the two namespaces or are ports of a bridge.";

}  // namespace

Command connect_command() {
  return {
      .name = "connect",
      .operands = "END END",
      .min_operands = 2,
      .max_operands = 2,
      .summary = "connect two network namespaces by a veth pair",
      .description = connect_description,
      .options = {{.name = "address",
                   .value = "CIDR",
                   .help = "address of the first END, or \"none\"; may be repeated (default: see above)"},
                  {.name = "peer-address",
                   .value = "CIDR",
                   .help = "address of the second END, or \"none\"; may be repeated (default: see above)"},
                  {.name = "ifname", .value = "NAME", .help = "interface at the first END (default: eth0)"},
                  {.name = "peer-ifname",
                   .value = "NAME",
                   .help = "interface at the second END (default: eth0; on the host: veth and a hash)"},
                  {.name = "mtu", .value = "BYTES", .help = "MTU of both ends in bytes (default: 1500)"},
                  {.name = "vlan", .value = "ID", .help = "VLAN of the port of Open vSwitch (default: all, tagged)"},
                  {.name = "socket",
                   .value = "PATH",
                   .help = "socket of the database of Open vSwitch (default: /run/openvswitch/db.sock)"},
                  {.name = "no-lo", .help = "leave lo down (default: lo of both namespaces is set up)"},
                  explain_options().front(),
                  explain_options().back(),
                  output_option()},
      .examples = {"vethctl connect net0 net1 --explain",
                   "vethctl connect net0 net1 --address 192.168.10.1/24 --peer-address 192.168.10.2/24",
                   "vethctl connect net0 bridge:br0", "vethctl connect 4711 host",
                   "vethctl connect net0 ovs:br-int --vlan 100", "vethctl connect bridge:br0 ovs:br-int"},
      .run = connect};
}

}  // namespace vethctl
