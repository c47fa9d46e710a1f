#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/vethctl/command.hpp"
#include "plugin/vethctl/end.hpp"
#include "plugin/vethctl/inspect/node.hpp"

#include <optional>
#include <string>
#include <vector>

// What connect and disconnect share. A connection is an attachment of network "vethctl".
namespace vethctl {

/// The name of an interface that an option gives; "eth0" if the option is not given. Throws UsageError for an invalid
/// name.
std::string read_interface(const Arguments& arguments, const std::string& option);

/// A request for the connection with this container end.
cni::Request connect_request(const End& container, const std::string& interface);

/// The name of the end in Open vSwitch of a pair that joins two bridges.
std::string joint_interface(const End& ovs, const End& bridge);

/// One end of a connection as the command line names it.
struct NamedEnd {
  End end;
  std::optional<std::string> interface {};  ///< nullopt: "eth0" in a namespace, any interface on the host

  bool operator==(const NamedEnd&) const = default;
};

/// The attachment that connect creates for this container end.
cni::Attachment attachment_for(const NamedEnd& container);

/// Whether the bridge or the second namespace is known: false without a readable record.
bool is_other_end_known(const inspect::Attachment& connection);

/// The connections with the one or two named ends, in any order. If the other end of a connection is unknown, only its
/// container end is compared.
std::vector<inspect::Attachment> find_connections(const std::vector<NamedEnd>& named,
                                                  const std::vector<inspect::Attachment>& connections);

}  // namespace vethctl
