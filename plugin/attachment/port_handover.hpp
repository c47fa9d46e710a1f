#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/posix/byte_lock.hpp"
#include "plugin/state/folder.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace attachment {

/// How one ADD gets a host port that another attachment has. The kubelet starts the successor of a pod that was deleted
/// by force before it stops the sandbox of that pod. If its ADD fails, the kubelet repeats it only after 10 s or more.
///
/// An ADD takes over the ports of an earlier container of the same pod: the transaction that adds its elements replaces
/// theirs. Everything else of the earlier container stays until its DEL.
class PortHandover {
 public:
  /// All must outlive it.
  PortHandover(const cni::Request& request, kernel::Kernel& kernel, state::Folder& folder);

  /// Whether the ports of the holder are taken over. Holds its lock from then on: DEL of the holder must not delete
  /// elements that get a new owner at the same time.
  bool takes_over(cni::Tag holder);

  /// Whether the port is free now: its holder was stale and is torn down, or it has left within 3 s. An attachment
  /// leaves if another call deletes it, if its network namespace is gone, or if it is another pod than the one that is
  /// added: the kubelet admits a pod only if no other pod of the node has its host ports.
  bool is_released(const kernel::Conflict& taken);

  /// Runs the steps of the ADD, its rollback included. If they throw a std::exception, gives the ports back: restores
  /// the rules of the attachments whose ports were taken over, if they still exist. A failure to do so is ignored, as
  /// the ADD fails with its own error.
  void protect(const kernel::AttachmentContext& context, const std::function<void()>& steps);

 private:
  void give_back(const kernel::AttachmentContext& context);
  std::optional<state::StoredRecord> find_record(cni::Tag holder) const;
  bool is_predecessor(const state::StoredRecord& holder) const;
  bool is_leaving(cni::Tag holder) const;
  bool has_namespace(const state::Record& holder) const;
  std::chrono::milliseconds time_left();
  void restore(cni::Tag holder, const kernel::AttachmentContext& context);

  const cni::Request& request_;
  const std::string pod_;  ///< of the request; empty: no pod of Kubernetes
  kernel::Kernel& kernel_;
  state::Folder& folder_;
  std::map<cni::Tag, posix::ByteLock> taken_over_{};
  std::optional<std::chrono::steady_clock::time_point> deadline_{};  ///< of all waits together
};

}  // namespace attachment
