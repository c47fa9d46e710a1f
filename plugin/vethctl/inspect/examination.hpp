#pragma once

#include "plugin/cni/error.hpp"
#include "plugin/kernel/inspector.hpp"
#include "plugin/vethctl/inspect/detail.hpp"
#include "plugin/vethctl/inspect/finding.hpp"
#include "plugin/vethctl/inspect/folders.hpp"

#include <string>
#include <vector>

namespace inspect {

/// A record file that is there and cannot be read.
struct UnreadableRecord {
  std::string network;
  cni::Tag tag;

  bool operator==(const UnreadableRecord&) const = default;
};

/// An address that is taken, and no record says by whom.
struct StrayAddress {
  std::string network;
  cni::IpAddress address;

  bool operator==(const StrayAddress&) const = default;
};

/// An attachment that does not hold all addresses that its record names.
struct LostLease {
  cni::Attachment attachment;
  std::vector<cni::IpAddress> unheld{};  ///< nobody holds them
  std::string conflict{};                ///< who holds another one; empty: nobody

  bool operator==(const LostLease&) const = default;
};

/// A packet of a container that the host's reverse path filter drops.
struct FilteredPacket {
  cni::IpAddress source;    ///< an address of the container
  std::string interface;    ///< of the host, by which the packet comes in
  cni::Attachment by;       ///< the attachment whose interface that is
  bool is_foreign = false;  ///< the address is that of another attachment of the same container

  bool operator==(const FilteredPacket&) const = default;
};

/// All that was looked at, as it was found.
struct Examination {
  std::vector<Finding> configuration{};  ///< of the files of network configurations
  std::vector<cni::Error> unusable{};    ///< state folders that cannot be opened, and why
  std::vector<UnreadableRecord> unreadable{};
  std::vector<StrayAddress> strays{};
  std::vector<LostLease> lost{};
  std::vector<Detail> attachments{};  ///< sorted by network, container and interface; those alone are compared that are
                                      ///< live
  std::vector<FilteredPacket> filtered{};
  std::vector<cni::Tag> orphaned_rules{};  ///< attachments without record and link that have elements in nftables
  kernel::Firewall firewall{};
};

/// Looks at the whole node, or of attachments, records and addresses at those of one network alone (empty: all). The
/// configuration is left empty. Changes nothing. Throws std::system_error.
Examination examine(kernel::Inspector& inspector, const FoundFolders& found, const std::string& network);

}  // namespace inspect
