#pragma once

#include "plugin/attachment/ovs_ports.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/vethctl/command.hpp"

#include <optional>
#include <string>
#include <vector>

// Options --explain and --explain-also: the commands of ip, bridge, tc, nft and sysctl with the effect of a command.
namespace vethctl {

std::vector<Option> explain_options();

/// Throws UsageError if both options are given.
void check_explain_options(const Arguments& arguments);

/// The state folder of an ADD that is explained: the existing one, or a temporary one. Without a folder, the next ADD
/// is the first one of this boot, and does more.
class PlanFolder {
 public:
  PlanFolder(const std::string& root, const std::string& network);
  ~PlanFolder();
  PlanFolder(const PlanFolder&) = delete;
  PlanFolder& operator=(const PlanFolder&) = delete;

  state::Folder& folder() { return *folder_; }

 private:
  std::string temporary_{};  ///< empty: the existing one is used
  std::optional<state::Folder> folder_{};
};

/// Prints the commands; for JSON as the member "commands" of an object.
void print_commands(const std::string& commands, const Arguments& arguments, const Console& console);

/// What an ADD would do now. Changes nothing: the addresses that it takes are released again. Throws what the ADD
/// throws before it changes the network.
std::string explain_add(const cni::Request& request, kernel::Kernel& kernel, state::Folder& folder);

/// What created an attachment, from its record. Empty without a readable record.
std::string explain_recorded(const cni::Attachment& attachment, const state::Folder& folder);

/// What removes an attachment, from its record. Without a readable record, a comment.
std::string explain_removal(const cni::Attachment& attachment, const std::optional<state::Folder>& folder);

/// What a repair of the attachment would do, after a comment for each difference. Empty if there are none, or if its
/// namespaces cannot be opened: `vethctl repair --dry-run` reports the reason.
std::string explain_repair(const state::Record& record, kernel::Kernel& kernel, const state::Folder& folder,
                           attachment::OvsReader& ovs);

/// `ip link set dev lo up` in a namespace.
std::string explain_loopback(const std::string& netns);

}  // namespace vethctl
