#include "plugin/attachment/footprints.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/verbs/del.hpp"
#include "plugin/vethctl/cable.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/node.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/words.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>

namespace vethctl {
namespace {

/// The cables of this node, as far as a record or the host tells of them.
std::vector<inspect::Attachment> cables(kernel::Inspector& inspector, const Console& console) {
  auto all = inspect::read_attachments(inspector, inspect::open_folders(console.root, console.configurations));
  std::erase_if(all, [](const auto& attachment) { return attachment.identity.network != inspect::cable_network; });
  return all;
}

/// What the alias of an interface in the namespace tells, where no record does.
std::optional<cni::Attachment> find_by_alias(const End& end, const std::string& interface,
                                             kernel::Inspector& inspector) try {
  const auto found = inspector.find_interface(interface, inspector.kernel.open_namespace(end.path, true));
  const auto identity = found ? cni::attachment_of_alias(found->alias) : std::nullopt;
  return identity && identity->network == inspect::cable_network ? identity : std::nullopt;
} catch (const cni::Error&) {
  return std::nullopt;
} catch (const std::system_error&) {
  return std::nullopt;
}

/// Whoever asks may have named the second end, or another interface.
[[noreturn]] void refuse_unknown(const End& end, const std::string& interface, kernel::Inspector& inspector,
                                 const Console& console) {
  const auto known = cables(inspector, console);
  std::set<cni::Attachment> meant;
  for (const auto& cable : known) {
    const bool is_end = cable.identity.container == end.name || (!end.path.empty() && cable.peer_netns == end.path);
    if (is_end) meant.insert(cable.identity);
  }
  if (const auto identity = find_by_alias(end, interface, inspector)) meant.insert(*identity);
  std::vector<std::string> commands;
  std::ranges::transform(meant, std::back_inserter(commands), [](const cni::Attachment& identity) {
    return "vethctl disconnect " + identity.container + " --ifname " + identity.interface;
  });
  const auto* advice = known.empty() ? "nothing was connected by vethctl" : "vethctl list vethctl shows what there is";
  throw cni::Error{cni::ErrorCode::invalid_config, "there is no attachment vethctl/" + end.name + '/' + interface,
                   commands.empty() ? advice : text::joined(commands, ", or ")};
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

bool is_recorded(const cni::Attachment& attachment, const std::string& root) {
  const auto folder = state::Folder::find(root);
  return folder && folder->records.find(attachment);
}

/// The cable of which no record tells: its end in the container names it.
cni::Request lost_cable(cni::Request request, kernel::Inspector& inspector, const Console& console) {
  const End end{.name = request.attachment.container, .path = request.netns};
  const auto& interface = request.attachment.interface;
  request.config.mode = cni::Mode::netns;
  const auto exists =
      inspector.kernel.find_ends(attachment::footprints_of(request, std::nullopt, nullptr), kernel::Search::full);
  if (std::ranges::find(exists, true) == exists.end()) refuse_unknown(end, interface, inspector, console);
  return request;
}

int disconnect(const Arguments& arguments, const Console& console) {
  kernel::LinuxKernel kernel;
  kernel::LinuxInspector inspector{kernel};
  auto request = cable_request(find_end(arguments.operands.at(0)), read_interface(arguments, "ifname"));
  if (!is_recorded(request.attachment, console.root)) request = lost_cable(std::move(request), inspector, console);
  verbs::del(request, kernel, console.root);
  const auto& [network, container, interface] = request.attachment;
  console.print(arguments.wants_json() ? told_as_json(request.attachment)
                                       : "disconnected " + container + '/' + interface + '\n');
  return success;
}

}  // namespace

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
