#pragma once

#include "plugin/attachment/teardown.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/ovs/ports.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/wiring/footprint.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

// Ports of attachments in Open vSwitch. A port that cannot be removed, since the database does not answer, is an
// orphan: the state folder names it, and the next ADD with this database, GC or repair removes it. So is a port whose
// interface ovs-vswitchd has not closed in time: the next ADD waits for that.
namespace attachment {

/// Adds the port of one ADD.
class OvsAddition {
 public:
  /// All must outlive it. From request() on, `footprint` contains the port.
  OvsAddition(const wiring::Wiring& wiring, const Node& node, wiring::Footprint& footprint)
      : wiring_(wiring), node_(node), footprint_(footprint) {}

  /// Removes stale ports, and requests the new one. Throws cni::Error try_again_later if the database does not answer.
  void request();

  /// Waits for the port. Returns whether the datapath is in user space. Throws as request(), and what
  /// ovs::PortAddition::wait() throws.
  bool wait();

 private:
  void forget();

  const wiring::Wiring& wiring_;
  Node node_;
  wiring::Footprint& footprint_;
  std::optional<ovs::PortAddition> addition_;
};

/// Removes the ports of the footprints. Those that cannot be removed become orphans; without a state folder their
/// failures are added to `effort`.
void remove_ovs_ports(const std::vector<wiring::Footprint>& batch, const Node& node, BestEffort& effort);

/// Removes the orphans in the database of the socket (empty: in each database), except those of attachments that
/// another call works on; returns how many. `own` is the attachment whose lock the caller holds.
std::size_t remove_orphaned_ports(const std::string& socket, state::Folder& folder,
                                  std::optional<cni::Tag> own = std::nullopt);

/// The ports of this plugin in the database that no call will remove: of another boot, or of this node instance without
/// record, lock and interface.
std::vector<ovs::StoredPort> find_stale_ports(const std::string& socket, kernel::Kernel& kernel,
                                              const state::Folder& folder, std::optional<cni::Tag> own = std::nullopt);

/// Removes the orphans of the folder and the stale ports in each database that it knows; returns their UUIDs. In a dry
/// run nothing is removed. Throws as the operations of ovs do.
std::vector<std::string> clean_ovs(kernel::Kernel& kernel, state::Folder& folder, bool is_dry_run);

/// Removes the port and adds it again: for one that is missing or has other settings than wanted.
kernel::OvsConnector reconnector(const wiring::Wiring& wiring, kernel::Kernel& kernel, state::Folder& folder);

/// Reads the ports of many attachments. A database that does not answer is waited for only once.
class OvsReader {
 public:
  /// Reads the port of a wiring, if it has one.
  void observe(const wiring::Wiring& wanted, wiring::Observed& observed);

  /// Whether the database of the socket did not answer.
  bool has_failed(const std::string& socket) const;

 private:
  std::map<std::string, std::string> failures_;  ///< the error, by socket
};

/// OvsReader::observe() for one attachment.
void observe_ovs(const wiring::Wiring& wanted, wiring::Observed& observed);

/// Mode ovs: throws cni::Error not_available unless a port could be added.
void check_ovs(const cni::NetworkConfig& config);

}  // namespace attachment
