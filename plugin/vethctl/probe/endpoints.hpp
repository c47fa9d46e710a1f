#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/vethctl/inspect/node.hpp"
#include "plugin/vethctl/probe/test_plan.hpp"

#include <string>
#include <vector>

namespace probe {

/// What a word of the command line can name.
struct KnownEnds {
  std::vector<inspect::Attachment> attachments{};
  std::vector<cni::Prefix> host_addresses{};  ///< of all interfaces of the host
};

/// Finds the endpoint that a word names: "host", "host:PORT", an address of an attachment, of the host or outside of
/// this node, the second namespace of a cable, or an attachment as for inspect::find_attachment(), whose errors it
/// throws.
Endpoint find_endpoint(const KnownEnds& known, const std::string& word);

/// Puts addresses in the networks of the attachment `word` first: from there they are reached without another hop.
void prefer_addresses_near(Endpoint& host, const Endpoint& other, const KnownEnds& known);

}  // namespace probe
