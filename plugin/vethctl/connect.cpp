#include "plugin/cni/error.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/verbs/add.hpp"
#include "plugin/verbs/del.hpp"
#include "plugin/verbs/recover.hpp"
#include "plugin/vethctl/cable_addresses.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/end.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/words.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

// An attachment made by hand: the same steps as an ADD, for network "vethctl", which no runtime's GC touches.
namespace vethctl {
namespace {

constexpr auto own_network = verbs::cable_network;
constexpr const char* usual_interface = "eth0";

cni::Prefix read_prefix(const std::string& text) {
  if (const auto prefix = cni::find_prefix(text)) return *prefix;
  throw UsageError{"\"" + text + "\": must be an IP address with the length of its prefix, as in 192.168.10.1/24"};
}

/// "none" is none.
std::vector<cni::Prefix> read_prefixes(const Arguments& arguments, const std::string& option) {
  std::vector<cni::Prefix> prefixes;
  if (arguments.value(option) == "none") return prefixes;
  for (const auto& text : arguments.values(option)) prefixes.push_back(read_prefix(text));
  return prefixes;
}

std::string read_interface(const Arguments& arguments, const std::string& option) {
  auto name = arguments.value(option).value_or(usual_interface);
  if (const auto fault = cni::interface_name_fault(name))
    throw UsageError{"--" + option + " \"" + name + "\": " + *fault};
  return name;
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

/// All that is taken on this node, and in both namespaces.
std::vector<cni::Prefix> taken_addresses(const Sides& sides, kernel::Kernel& kernel, const std::string& root) {
  std::vector<cni::Prefix> taken;
  for (const auto& path : {std::string{inspect::host_namespace_path}, sides.container.end.path, sides.other.end.path}) {
    std::ranges::move(kernel.addresses(kernel.open_namespace(path, true)), std::back_inserter(taken));
  }
  for (const auto& attachment : inspect::read_attachments(kernel, inspect::open_folders(root))) {
    std::ranges::copy(attachment.addresses, std::back_inserter(taken));
    std::ranges::copy(attachment.peer_addresses, std::back_inserter(taken));
  }
  std::erase_if(taken, [](const cni::Prefix& prefix) { return cni::is_link_local(prefix.address); });
  return taken;
}

CableAddresses choose(const Sides& sides, kernel::Kernel& kernel, const std::string& root) {
  if (auto chosen = choose_addresses(taken_addresses(sides, kernel, root))) return *std::move(chosen);
  throw UsageError{"no network from 192.168.10.0/24 to 192.168.254.0/24 is free: give --address and --peer-address"};
}

/// What is given for one end alone, the other is given to match. A bridge is no end with addresses of its own.
CableAddresses addresses_for(const Sides& sides, const Arguments& arguments, kernel::Kernel& kernel,
                             const std::string& root) {
  const bool has_own = arguments.has(sides.container.address_option);
  const bool has_others = arguments.has(sides.other.address_option);
  CableAddresses addresses{read_prefixes(arguments, sides.container.address_option),
                           read_prefixes(arguments, sides.other.address_option)};
  if (sides.other.end.kind == End::Kind::bridge) return addresses;
  if (!has_own && !has_others) return choose(sides, kernel, root);
  if (!has_own) addresses.one = counterparts_of(addresses.other);
  if (!has_others) addresses.other = counterparts_of(addresses.one);
  return addresses;
}

/// A link that is too narrow for IPv6 (RFC 8200, section 5) is chosen no address of it.
void drop_ipv6(std::vector<cni::Prefix>& addresses) {
  std::erase_if(addresses, [](const cni::Prefix& prefix) { return prefix.address.family == cni::Family::ipv6; });
}

cni::Request request_for(const End& container, const std::string& interface) {
  cni::Request request;
  request.attachment = {.network = own_network, .container = container.name, .interface = interface};
  request.netns = container.path;
  request.config.version = cni::Version::v1_1_0;
  request.config.name = own_network;
  request.config.type = "veth";
  return request;
}

void join(cni::Request& request, const Side& other, const Arguments& arguments) {
  if (other.end.kind == End::Kind::bridge) {
    if (arguments.has(other.address_option)) {
      throw UsageError{std::string{"--"} + other.address_option + ": a bridge takes none here"};
    }
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

cni::Request connection(const Arguments& arguments, kernel::Kernel& kernel, const std::string& root) {
  constexpr std::uint32_t smallest_ipv6_mtu = 1280;
  const auto sides = read_sides(arguments);
  auto request = request_for(sides.container.end, read_interface(arguments, sides.container.interface_option));
  join(request, sides.other, arguments);
  if (const auto mtu = arguments.value("mtu")) request.config.mtu = read_mtu(*mtu);
  auto addresses = addresses_for(sides, arguments, kernel, root);
  const bool is_chosen = !arguments.has("address") && !arguments.has("peer-address");
  if (is_chosen && *request.config.mtu < smallest_ipv6_mtu) {
    drop_ipv6(addresses.one);
    drop_ipv6(addresses.other);
  }
  lease(request, addresses);
  return request;
}

std::string told_of(const std::string& end, const std::string& interface, const std::vector<std::string>& addresses) {
  return "  " + end + ", interface " + interface + ": " +
         (addresses.empty() ? "no address but a link-local one" : report::joined(addresses, ", ")) + '\n';
}

std::string told(const cni::Request& request) {
  const auto& [network, container, interface] = request.attachment;
  const auto& config = request.config;
  std::vector<cni::Prefix> own;
  for (const auto& leased : config.ipam.addresses) own.push_back(leased.address);
  auto text = "connected: attachment " + network + '/' + container + '/' + interface + '\n' +
              told_of(container, interface, report::texts(own));
  text += config.mode == cni::Mode::bridge ? "  port of bridge " + config.bridge.name + '\n'
                                           : told_of(report::namespace_words(config.peer.netns), config.peer.interface,
                                                     report::texts(config.peer.addresses));
  return text + "take it back with: vethctl disconnect " + container + " --ifname " + interface + '\n';
}

int connect(const Arguments& arguments, const Console& console) {
  kernel::LinuxKernel kernel;
  const auto request = connection(arguments, kernel, console.root);
  auto folder = state::Folder::open(console.root);
  verbs::add(request, kernel, folder, [&](std::string_view result) {
    console.print(arguments.wants_json() ? std::string{result} : told(request));
  });
  return success;
}

/// Whoever asks may have named the second end.
[[noreturn]] void refuse_unknown(const End& end, const std::string& interface, kernel::Kernel& kernel,
                                 const std::string& root) {
  std::vector<std::string> meant;
  for (const auto& attachment : inspect::read_attachments(kernel, inspect::open_folders(root))) {
    const auto& [network, container, name] = attachment.identity;
    const bool is_end = container == end.name || (!end.path.empty() && attachment.peer_netns == end.path);
    if (network == own_network && is_end) meant.push_back("vethctl disconnect " + container + " --ifname " + name);
  }
  throw cni::Error{cni::ErrorCode::invalid_config, "there is no attachment vethctl/" + end.name + '/' + interface,
                   meant.empty() ? "vethctl list vethctl shows what there is" : report::joined(meant, ", or ")};
}

/// The cable of which no record tells: its end in the container names it.
cni::Request lost_cable(cni::Request request) {
  request.config.mode = cni::Mode::netns;
  return request;
}

std::string told_as_json(const cni::Attachment& attachment) {
  cni::JsonWriter json{2};
  json.begin_object();
  json.member("network", attachment.network);
  json.member("container", attachment.container);
  json.member("interface", attachment.interface);
  json.end_object();
  return json.finished();
}

int disconnect(const Arguments& arguments, const Console& console) {
  const auto end = find_end(arguments.operands.at(0));
  auto request = request_for(end, read_interface(arguments, "ifname"));
  const auto& attachment = request.attachment;
  kernel::LinuxKernel kernel;
  const auto folder = state::Folder::find(console.root);
  if (!folder || !folder->find_record(attachment)) {
    const bool stands =
        kernel.find_host_link(attachment) || kernel.stands(attachment, {{end.path, attachment.interface}});
    if (!stands) refuse_unknown(end, attachment.interface, kernel, console.root);
    request = lost_cable(std::move(request));
  }
  verbs::del(request, kernel, console.root);
  console.print(arguments.wants_json() ? told_as_json(attachment)
                                       : "disconnected " + end.name + '/' + attachment.interface + '\n');
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

Command disconnect_command() {
  return {
      .name = "disconnect",
      .operands = "END",
      .least = 1,
      .most = 1,
      .summary = "take back what connect has made",
      .description =
          "Removes the attachment that `vethctl connect` made at this END, both ends of it. END is the first of the "
          "two that were namespaces, as connect has told; where its record was lost, its interfaces are known by their "
          "aliases.",
      .options = {{.name = "ifname", .value = "NAME", .help = "interface in the end (default: eth0)"}, output_option()},
      .run = disconnect};
}

}  // namespace vethctl
