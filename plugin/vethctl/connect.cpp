#include "plugin/cni/error.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/verbs/add.hpp"
#include "plugin/verbs/del.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/end.hpp"

#include <algorithm>
#include <charconv>

// An attachment made by hand: the same steps as an ADD, for network "vethctl", which no runtime's GC touches.
namespace vethctl {
namespace {

constexpr const char* own_network = "vethctl";
constexpr const char* usual_interface = "eth0";

cni::Prefix read_prefix(const std::string& text) {
  if (const auto prefix = cni::find_prefix(text)) return *prefix;
  throw UsageError{"\"" + text + "\": must be an IP address with the length of its prefix, as in 192.168.10.1/24"};
}

std::vector<cni::Prefix> read_prefixes(const Arguments& arguments, const std::string& option) {
  std::vector<cni::Prefix> prefixes;
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

/// An end of the host itself or of a bridge cannot be the container's.
void put_container_first(End& one, End& other) {
  if (one.kind == End::Kind::netns) return;
  if (other.kind != End::Kind::netns) throw UsageError{"one of the two ends has to be a namespace"};
  std::swap(one, other);
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

void join(cni::Request& request, const End& other, const Arguments& arguments) {
  if (other.kind == End::Kind::bridge) {
    if (arguments.has("peer-address")) throw UsageError{"--peer-address: a bridge takes none here"};
    request.config.mode = cni::Mode::bridge;
    request.config.bridge.name = other.name;
    return;
  }
  request.config.mode = cni::Mode::netns;
  const bool is_host = other.kind == End::Kind::host;
  const auto own_name = cni::host_interface_name(cni::tag_of(request.attachment));
  request.config.peer = {
      .netns = other.path,
      .interface = is_host && !arguments.has("peer-ifname") ? own_name : read_interface(arguments, "peer-ifname"),
      .addresses = read_prefixes(arguments, "peer-address"),
      .may_be_the_hosts = is_host};
}

void lease(cni::Request& request, const Arguments& arguments) {
  for (const auto& prefix : read_prefixes(arguments, "address")) request.config.ipam.addresses.push_back({prefix});
  if (!request.config.ipam.addresses.empty()) request.config.ipam.type = "veth-ipam";
}

cni::Request connection(const Arguments& arguments) {
  auto one = find_end(arguments.operands.at(0));
  auto other = find_end(arguments.operands.at(1));
  put_container_first(one, other);
  auto request = request_for(one, read_interface(arguments, "ifname"));
  join(request, other, arguments);
  lease(request, arguments);
  if (const auto mtu = arguments.value("mtu")) request.config.mtu = read_mtu(*mtu);
  return request;
}

std::string told(const cni::Request& request, const Arguments& arguments) {
  const auto& [network, container, interface] = request.attachment;
  return "connected " + arguments.operands.at(0) + " and " + arguments.operands.at(1) + ": attachment " + network +
         '/' + container + '/' + interface + "\ntake it back with: vethctl disconnect " + container + " --ifname " +
         interface + '\n';
}

int connect(const Arguments& arguments, const Console& console) {
  const auto request = connection(arguments);
  kernel::LinuxKernel kernel;
  auto folder = state::Folder::open(console.root);
  verbs::add(request, kernel, folder, [&](std::string_view result) {
    console.print(arguments.wants_json() ? std::string{result} : told(request, arguments));
  });
  return success;
}

int disconnect(const Arguments& arguments, const Console& console) {
  const auto end = find_end(arguments.operands.at(0));
  const auto request = request_for(end, read_interface(arguments, "ifname"));
  const auto folder = state::Folder::find(console.root);
  if (!folder || !folder->find_record(request.attachment)) {
    throw cni::Error{cni::ErrorCode::invalid_config,
                     "there is no attachment vethctl/" + end.name + '/' + request.attachment.interface,
                     "vethctl list vethctl shows what there is"};
  }
  kernel::LinuxKernel kernel;
  verbs::del(request, kernel, console.root);
  console.print("disconnected " + end.name + '/' + request.attachment.interface + '\n');
  return success;
}

}  // namespace

Command connect_command() {
  return {
      .name = "connect",
      .operands = "END END",
      .least = 2,
      .most = 2,
      .summary = "join two ends by a veth pair, like a cable",
      .description =
          "Joins two ends by a veth pair. An END is the name of a namespace in /run/netns, a path to one, the number\n"
          "of a process in one, \"host\", or \"bridge:NAME\"; at least one of the two is a namespace. The attachment\n"
          "belongs to network \"vethctl\", which no runtime's GC touches.\n\n"
          "Each end gets the addresses that are given for it, a connected route for each, and a link-local address.",
      .options = {{.name = "address", .value = "CIDR", .help = "address of the first end; may be given again"},
                  {.name = "peer-address", .value = "CIDR", .help = "address of the second end; may be given again"},
                  {.name = "ifname", .value = "NAME", .help = "interface in the first end (default: eth0)"},
                  {.name = "peer-ifname", .value = "NAME", .help = "interface in the second end (default: eth0)"},
                  {.name = "mtu", .value = "BYTES", .help = "MTU of both ends (default: 1500)"},
                  output_option()},
      .run = connect};
}

Command disconnect_command() {
  return {.name = "disconnect",
          .operands = "END",
          .least = 1,
          .most = 1,
          .summary = "take back what connect has made",
          .description = "Removes the attachment that `vethctl connect` made at this END, both ends of it.",
          .options = {{.name = "ifname", .value = "NAME", .help = "interface in the end (default: eth0)"}},
          .run = disconnect};
}

}  // namespace vethctl
