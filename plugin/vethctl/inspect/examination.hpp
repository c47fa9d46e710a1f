#pragma once

#include "plugin/attachment/ovs_ports.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/kernel/inspector.hpp"
#include "plugin/vethctl/inspect/detail.hpp"
#include "plugin/vethctl/inspect/finding.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/foreign_routing.hpp"
#include "plugin/vethctl/inspect/unreachable_address.hpp"

#include <string>
#include <vector>

namespace inspect {

/// A record file that cannot be read.
struct UnreadableRecord {
  std::string network;
  cni::Tag tag;

  bool operator==(const UnreadableRecord&) const = default;
};

/// A leased address that no record contains.
struct UnrecordedLease {
  std::string network;
  cni::IpAddress address;

  bool operator==(const UnrecordedLease&) const = default;
};

/// An attachment that does not hold all addresses of its record.
struct AddressMismatch {
  cni::Attachment attachment;
  std::vector<cni::IpAddress> unleased{};  ///< addresses that no attachment holds
  std::string conflict{};                  ///< an address that another attachment holds, and which; empty: none

  bool operator==(const AddressMismatch&) const = default;
};

/// An address that containers of several networks have on one bridge.
struct SharedAddress {
  cni::IpAddress address;
  std::string bridge;  ///< cni::bridge_segment()
  std::vector<cni::Attachment> attachments;

  bool operator==(const SharedAddress&) const = default;
};

/// A packet of a container that the reverse path filter of the host drops.
struct DroppedPacket {
  cni::IpAddress source;                  ///< an address of the container
  std::string interface;                  ///< interface of the host that receives the packet
  cni::Attachment receiver;               ///< the attachment of that interface
  bool is_from_other_attachment = false;  ///< the source is an address of another attachment of the container

  bool operator==(const DroppedPacket&) const = default;
};

/// What check cannot examine, as texts.
using NotExamined = std::vector<std::string>;

/// Everything that `vethctl check` reads, before it is interpreted.
struct Examination {
  std::vector<Finding> configuration{};  ///< of the network configurations
  std::vector<cni::Error> unusable{};    ///< one for each state folder that cannot be opened
  std::vector<UnreadableRecord> unreadable{};
  std::vector<UnrecordedLease> unrecorded_leases{};
  std::vector<AddressMismatch> address_mismatches{};
  std::vector<Detail> attachments{};  ///< sorted by network, container and interface; only live ones have
                                      ///< differences
  std::vector<UnreachableAddress> unreachable{};
  std::vector<SharedAddress> shared_addresses{};
  std::vector<DroppedPacket> dropped_packets{};
  std::vector<std::string> ignoring_router_advertisements{};  ///< interfaces of the host, by forwarding and accept_ra
  std::vector<cni::Tag> orphaned_rules{};                     ///< tags in nftables without a record and a link
  std::vector<std::string> stale_ports{};                     ///< UUIDs in Open vSwitch, in ascending order
  kernel::Firewall firewall{};
  std::vector<MatchingRule> matching_rules{};
  std::vector<ContainerRouting> container_routing{};
  NotExamined not_examined{};
};

/// Reads the state of the node; attachments, records and addresses only of one network (empty: all). `configuration` is
/// left empty. `ovs` waits once for a database that does not answer. Changes nothing. Throws std::system_error.
Examination examine(kernel::Inspector& inspector, const FoundFolders& found, const std::string& network,
                    attachment::OvsReader& ovs);

}  // namespace inspect
