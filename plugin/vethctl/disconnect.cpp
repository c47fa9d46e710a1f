#include "plugin/vethctl/disconnect.hpp"

#include "plugin/attachment/footprints.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/verbs/del.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/connection.hpp"
#include "plugin/vethctl/explanation.hpp"
#include "plugin/vethctl/inspect/find_attachment.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/json.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <system_error>
#include <utility>

namespace vethctl {
namespace {

using Requests = std::map<cni::Attachment, cni::Request>;

/// An END, or NAMESPACE:INTERFACE.
NamedEnd parse_named_end(const std::string& text) {
  const auto colon = text.rfind(':');
  const bool is_end = colon == std::string::npos || text.starts_with("bridge:") || text.starts_with("ovs:") ||
                      cni::find_address(text).has_value();
  if (is_end || cni::interface_name_fault(text.substr(colon + 1))) return {.end = parse_end(text)};
  return {.end = parse_end(text.substr(0, colon)), .interface = text.substr(colon + 1)};
}

NamedEnd read_end(const Arguments& arguments, std::size_t operand, const std::string& option) {
  auto named = parse_named_end(arguments.operands.at(operand));
  if (arguments.has(option)) named.interface = read_interface(arguments, option);
  return named;
}

/// --ifname belongs to the first operand and --peer-ifname to the second one, as for connect.
std::vector<NamedEnd> read_ends(const Arguments& arguments) {
  std::vector<NamedEnd> named{read_end(arguments, 0, "ifname")};
  if (arguments.operands.size() > 1) {
    named.push_back(read_end(arguments, 1, "peer-ifname"));
  } else if (arguments.has("peer-ifname")) {
    throw UsageError{"--peer-ifname belongs to the second END, which is not given"};
  }
  return named;
}

bool is_connection(const inspect::Attachment& attachment) {
  return attachment.identity.network == inspect::connect_network;
}

/// An unreadable record has no container ID: one of the named ends has the same tag. Without a readable record the
/// other end is unknown; in mode netns DEL searches for it on the host and in namespaces.
cni::Request del_request(const inspect::Attachment& connection, const std::vector<NamedEnd>& named) {
  auto identity = connection.identity;
  auto netns = connection.netns;
  for (const auto& container : named) {
    if (cni::tag_of(attachment_for(container)) != connection.tag) continue;
    identity = attachment_for(container);
    if (netns.empty()) netns = container.end.path;
  }
  auto request = connect_request({.name = identity.container, .path = netns}, identity.interface);
  if (!connection.ovs_bridge.empty()) request.config.ovs.bridge = connection.ovs_bridge;
  if (!is_other_end_known(connection)) request.config.mode = cni::Mode::netns;
  return request;
}

/// The connection in the alias of the interface; nullopt if the interface is missing or has no alias of a connection.
std::optional<cni::Attachment> find_by_alias(const NamedEnd& named, kernel::Inspector& inspector) try {
  const auto netns = inspector.kernel.open_namespace(named.end.path, true);
  const auto found = inspector.find_interface(attachment_for(named).interface, netns);
  const auto identity = found ? cni::attachment_of_alias(found->alias) : std::nullopt;
  return identity && identity->network == inspect::connect_network ? identity : std::nullopt;
} catch (const cni::Error&) {
  return std::nullopt;
} catch (const std::system_error&) {
  return std::nullopt;
}

/// Searches the namespaces of the named ends for pairs without a record: their interfaces have the marks of the plugin.
class UnrecordedSearch {
 public:
  /// `connections`: those that are known, which are not searched.
  UnrecordedSearch(const std::vector<NamedEnd>& named, const std::vector<inspect::Attachment>& connections,
                   kernel::Inspector& inspector)
      : named_(named), connections_(connections), inspector_(inspector) {}

  Requests run() {
    for (std::size_t i = 0; i < named_.size(); ++i) {
      if (named_[i].end.kind != End::Kind::netns) continue;
      const auto* other = named_.size() > 1 ? &named_[1 - i] : nullptr;
      search_container_end(named_[i], other);
      search_other_end(named_[i], other);
    }
    std::erase_if(found_, [&](const auto& found) {
      return std::ranges::find(connections_, cni::tag_of(found.first), &inspect::Attachment::tag) != connections_.end();
    });
    return std::move(found_);
  }

 private:
  void search_container_end(const NamedEnd& container, const NamedEnd* other) {
    auto request = connect_request(container.end, attachment_for(container).interface);
    request.config.mode = cni::Mode::netns;
    const auto footprints = attachment::footprints_of(request, std::nullopt, nullptr);
    const auto exists = inspector_.kernel.find_ends(footprints, kernel::Search::full);
    const bool is_on_host = !footprints.front().is_netns_pair && exists.front();
    if (std::ranges::find(exists, true) == exists.end() || !is_consistent(request, other, is_on_host)) return;
    found_.emplace(request.attachment, std::move(request));
  }

  /// Whether the second named end, if there is one, is the other end of the pair.
  bool is_consistent(const cni::Request& request, const NamedEnd* other, bool is_on_host) {
    if (other == nullptr) return true;
    if (other->end.kind != End::Kind::netns) return is_on_host;
    return find_by_alias(*other, inspector_) == request.attachment;
  }

  void search_other_end(const NamedEnd& named, const NamedEnd* container) {
    const auto identity = find_by_alias(named, inspector_);
    if (!identity || *identity == attachment_for(named)) return;
    if (container != nullptr && *identity != attachment_for(*container)) return;
    auto request = connect_request(container_end(*identity, container), identity->interface);
    request.config.mode = cni::Mode::netns;
    request.config.peer = {.netns = named.end.path, .interface = attachment_for(named).interface};
    found_.emplace(*identity, std::move(request));
  }

  /// The path is empty if it does not follow from the container ID; the other end is enough for DEL.
  static End container_end(const cni::Attachment& identity, const NamedEnd* container) {
    if (container != nullptr) return container->end;
    const auto end = parse_end(identity.container);
    return end.kind == End::Kind::netns && end.name == identity.container ? end : End{.name = identity.container};
  }

  const std::vector<NamedEnd>& named_;
  const std::vector<inspect::Attachment>& connections_;
  kernel::Inspector& inspector_;
  Requests found_{};
};

std::string end_text(const NamedEnd& named) {
  if (named.end.kind != End::Kind::netns) {
    if (named.end.kind == End::Kind::ovs) return std::string{inspect::ovs_prefix} + named.end.name;
    return named.end.kind == End::Kind::bridge ? "bridge:" + named.end.name : named.end.name;
  }
  return named.end.name + '/' + attachment_for(named).interface;
}

std::string ends_text(const std::vector<NamedEnd>& named) {
  return end_text(named.front()) + (named.size() > 1 ? " and " + end_text(named.back()) : "");
}

/// Names both ends, so that the command selects one connection.
std::string command_for(const inspect::Attachment& connection) {
  const auto& [network, container, interface] = connection.identity;
  const auto options = " --ifname " + interface;
  const bool is_ovs_port = connection.bridge.starts_with(inspect::ovs_prefix);
  if (is_ovs_port) return "vethctl disconnect " + container + ' ' + connection.bridge + options;
  if (!connection.ovs_bridge.empty()) {
    return "vethctl disconnect ovs:" + connection.ovs_bridge + " bridge:" + connection.bridge + options;
  }
  if (!connection.bridge.empty()) return "vethctl disconnect " + container + " bridge:" + connection.bridge + options;
  if (connection.peer_netns.empty()) return "vethctl disconnect " + container + options;
  const bool is_host = connection.peer_netns == inspect::host_namespace_path;
  return "vethctl disconnect " + container + ' ' + (is_host ? "host" : parse_end(connection.peer_netns).name) +
         options + " --peer-ifname " + connection.peer_interface;
}

std::string commands_for(const std::vector<inspect::Attachment>& connections) {
  std::vector<std::string> commands;
  std::ranges::transform(connections, std::back_inserter(commands), command_for);
  return text::joined(commands, ", or ");
}

/// Whether one end of the connection is in the named namespace, possibly with another interface.
bool has_namespace(const inspect::Attachment& connection, const NamedEnd& named) {
  if (named.end.kind != End::Kind::netns) return false;
  return connection.identity.container == named.end.name ||
         (!connection.peer_netns.empty() && parse_end(connection.peer_netns).name == named.end.name);
}

[[noreturn]] void refuse_unknown(const std::vector<NamedEnd>& named, std::vector<inspect::Attachment> connections) {
  const auto* advice =
      connections.empty() ? "the node has no connections" : "run \"vethctl list vethctl\" to list the connections";
  std::erase_if(connections, [&](const inspect::Attachment& connection) {
    return std::ranges::none_of(named, [&](const NamedEnd& end) { return has_namespace(connection, end); });
  });
  throw cni::Error{cni::ErrorCode::invalid_config,
                   "cannot disconnect " + ends_text(named) + ": there is no such connection",
                   connections.empty() ? advice : commands_for(connections)};
}

[[noreturn]] void refuse_ambiguous(const std::string& ends, const std::vector<inspect::Attachment>& found) {
  throw UsageError{"cannot disconnect " + ends + ": there are " + std::to_string(found.size()) + " connections",
                   "select one: " + commands_for(found)};
}

/// Whether the options select the interface of either end, if they are given.
bool is_selected_interface(const inspect::Attachment& connection, const Arguments& arguments) {
  const auto name = arguments.value("ifname");
  return !name || *name == connection.identity.interface || *name == connection.peer_interface;
}

[[noreturn]] void refuse_foreign(const inspect::Attachment& attachment) {
  throw cni::Error{cni::ErrorCode::invalid_config,
                   "cannot disconnect " + inspect::name_of(attachment) + ": vethctl connect did not create it",
                   "delete the container with its runtime; if the runtime does not know it any more, run vethctl gc " +
                       attachment.identity.network};
}

/// The connection that a word names which is not an END: an address, an interface of the host, the beginning of a
/// container and others. nullopt: there is none.
std::optional<inspect::Attachment> find_by_word(const Arguments& arguments,
                                                const std::vector<inspect::Attachment>& attachments) {
  const auto& word = arguments.operands.front();
  std::vector<inspect::Attachment> connections;
  std::ranges::copy_if(attachments, std::back_inserter(connections), is_connection);
  std::vector<inspect::Attachment> found;
  for (const auto* connection : inspect::find_attachments(connections, word)) {
    if (is_selected_interface(*connection, arguments)) found.push_back(*connection);
  }
  if (found.size() > 1) refuse_ambiguous(word, found);
  if (found.size() == 1) return found.front();
  const auto foreign = inspect::find_attachments(attachments, word);
  if (!foreign.empty() && !is_connection(*foreign.front())) refuse_foreign(*foreign.front());
  return std::nullopt;
}

/// nullopt if the only operand is no END, such as an IPv6 address.
std::optional<std::vector<NamedEnd>> find_ends(const Arguments& arguments) {
  const bool is_pair = arguments.operands.size() > 1 || arguments.has("peer-ifname");
  try {
    return read_ends(arguments);
  } catch (const UsageError&) {
    if (is_pair) throw;
    return std::nullopt;
  }
}

cni::Request find_connection(const Arguments& arguments, kernel::Inspector& inspector, const Console& console) {
  const auto attachments =
      inspect::read_attachments(inspector, inspect::open_folders(console.root, console.configurations));
  const auto ends = find_ends(arguments);
  if (!ends) {
    if (const auto found = find_by_word(arguments, attachments)) return del_request(*found, {});
    read_ends(arguments);  // throws: the word is no END either
  }
  const auto& named = *ends;
  std::vector<inspect::Attachment> connections;
  std::ranges::copy_if(attachments, std::back_inserter(connections), is_connection);
  const auto found = find_connections(named, connections);
  if (found.size() == 1) return del_request(found.front(), named);
  if (found.size() > 1) refuse_ambiguous(ends_text(named), found);
  auto unrecorded = UnrecordedSearch{named, connections, inspector}.run();
  const bool is_word = unrecorded.empty() && arguments.operands.size() == 1;
  if (const auto other = is_word ? find_by_word(arguments, attachments) : std::nullopt) return del_request(*other, {});
  if (unrecorded.size() != 1) refuse_unknown(named, connections);
  return std::move(unrecorded.begin()->second);
}

}  // namespace

int disconnect(const Arguments& arguments, const Console& console, kernel::Inspector& inspector) {
  check_explain_options(arguments);
  const auto request = find_connection(arguments, inspector, console);
  const auto explanation = explain_removal(request.attachment, state::Folder::find(console.root));
  if (arguments.has("explain")) {
    print_commands(explanation, arguments, console);
    return success;
  }
  verbs::del(request, inspector.kernel, console.root);
  if (arguments.has("explain-also")) console.warn(explanation);
  const auto& [network, container, interface] = request.attachment;
  console.print(arguments.wants_json() ? report::json(request.attachment)
                                       : "disconnected " + container + '/' + interface + '\n');
  return success;
}

Command disconnect_command() {
  return {.name = "disconnect",
          .operands = "END [END] | ATTACHMENT",
          .min_operands = 1,
          .max_operands = 2,
          .summary = "remove a connection that connect has created",
          .description =
              "Removes the veth pair that `vethctl connect` has created, with its addresses and its record. A bridge "
              "is not removed. Each END is given as for connect, or as NAMESPACE:INTERFACE: one end of the pair, or "
              "both in "
              "any order. ATTACHMENT, as for show, names a connection in other ways, such as an address. If several "
              "connections match, their commands are listed, and the exit status is 2.\n\n"
              "All options of connect are accepted, so that the arguments of connect can be used unchanged: "
              "--ifname and --peer-ifname select the interfaces at the first and the second END, --address, "
              "--peer-address, --mtu, --vlan, --socket and --no-lo have no effect. If the record is missing, the pair "
              "is found by the "
              "aliases of its interfaces.",
          .options = {{.name = "ifname", .value = "NAME", .help = "interface at the first END (default: eth0)"},
                      {.name = "peer-ifname",
                       .value = "NAME",
                       .help = "interface at the second END (default: eth0; on the host: any)"},
                      {.name = "vlan", .value = "ID", .help = "accepted, no effect"},
                      {.name = "socket", .value = "PATH", .help = "accepted, no effect"},
                      {.name = "address", .value = "CIDR", .help = "accepted, no effect"},
                      {.name = "peer-address", .value = "CIDR", .help = "accepted, no effect"},
                      {.name = "mtu", .value = "BYTES", .help = "accepted, no effect"},
                      {.name = "no-lo", .help = "accepted, no effect"},
                      explain_options().front(),
                      explain_options().back(),
                      output_option()},
          .examples = {"vethctl disconnect net0", "vethctl disconnect net0 net1 --ifname eth1"},
          .run =
              [](const Arguments& arguments, const Console& console) {
                kernel::LinuxKernel kernel;
                kernel::LinuxInspector inspector{kernel};
                return disconnect(arguments, console, inspector);
              },
          .alias = "rm"};
}

}  // namespace vethctl
