#include "plugin/vethctl/explanation.hpp"

#include "plugin/attachment/state_folder.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/verbs/add.hpp"
#include "plugin/vethctl/explain/commands.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/json_object.hpp"
#include "plugin/vethctl/planning_kernel.hpp"
#include "plugin/wiring/difference.hpp"
#include "plugin/wiring/text.hpp"

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace vethctl {
namespace {

std::string lines_of(const explain::Commands& commands) { return text::joined(commands, "\n") + '\n'; }

std::optional<wiring::Wiring> wiring_of(const std::optional<state::StoredRecord>& stored) {
  return stored && stored->record ? wiring::find_wiring(stored->record->wiring) : std::nullopt;
}

}  // namespace

std::vector<Option> explain_options() {
  return {{.name = "explain",
           .help = "change nothing, and print equivalent commands of ip, bridge, tc, nft and sysctl for sh"},
          {.name = "explain-also", .help = "print these commands to standard error afterwards"}};
}

void check_explain_options(const Arguments& arguments) {
  if (arguments.has("explain") && arguments.has("explain-also"))
    throw UsageError{"--explain changes nothing, --explain-also does: give one of them"};
}

void print_commands(const std::string& commands, const Arguments& arguments, const Console& console) {
  console.print(arguments.wants_json() ? to_json_object("commands", commands) : commands);
}

PlanFolder::PlanFolder(const std::string& root, const std::string& network)
    : folder_(attachment::find_folder(root, network)) {
  if (folder_) return;
  temporary_ = "/run/veth-cni-explain-XXXXXX";
  if (::mkdtemp(temporary_.data()) == nullptr) posix::throw_errno("create folder " + text::quoted(temporary_));
  folder_ = state::Folder::open(temporary_, temporary_);
}

PlanFolder::~PlanFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) std::filesystem::remove_all(temporary_, ignored);
}

std::string explain_add(const cni::Request& request, kernel::Kernel& kernel, state::Folder& folder) {
  PlanningKernel planning{kernel};
  const auto wiring = planning.plan([&] { verbs::add(request, planning, folder, [](std::string_view) {}); });
  return lines_of(explain::commands(wiring, {.netns = request.netns, .node_instance = folder.name()}));
}

std::string explain_recorded(const cni::Attachment& attachment, const state::Folder& folder) {
  const auto stored = folder.records.find(attachment);
  const auto wiring = wiring_of(stored);
  if (!wiring) return {};
  return lines_of(explain::commands(*wiring, {.netns = stored->record->netns, .node_instance = folder.name()}));
}

std::string explain_removal(const cni::Attachment& attachment, const std::optional<state::Folder>& folder) {
  const auto wiring = folder ? wiring_of(folder->records.find(attachment)) : std::nullopt;
  return wiring ? lines_of(explain::removal_commands(*wiring)) : "# there is no readable record\n";
}

std::string explain_repair(const state::Record& record, kernel::Kernel& kernel, const state::Folder& folder,
                           attachment::OvsReader& ovs) try {
  const auto wiring = wiring::find_wiring(record.wiring);
  if (!wiring) return {};
  const bool is_joint = wiring->bridge && wiring->ovs_port;  // both ends are on the host
  kernel::AttachmentContext context{.container = kernel.open_namespace(record.netns, is_joint),
                                    .node_instance = folder.name()};
  context.host_index = record.ends.host;
  const auto& peer = wiring->peer_netns;
  if (!peer.empty()) context.peer = kernel.open_namespace(peer, peer == inspect::host_namespace_path);
  auto observed = kernel.observe(*wiring, context);
  ovs.observe(*wiring, observed);
  auto differences = wiring::difference(*wiring, observed);
  std::erase_if(differences, [&](const auto& difference) { return wiring::may_be_intended(*wiring, difference); });
  if (differences.empty() || !wiring::is_own_pair(*wiring, observed)) return {};
  return lines_of(
      explain::commands(differences, *wiring, {.netns = record.netns, .node_instance = context.node_instance}));
} catch (const cni::Error&) {
  return {};
}

std::string explain_loopback(const std::string& netns) {
  return explain::Namespace{netns}.ip("link set dev lo up") + '\n';
}

}  // namespace vethctl
