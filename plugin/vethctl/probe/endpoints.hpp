#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/vethctl/inspect/node.hpp"
#include "plugin/vethctl/probe/test_plan.hpp"

#include <functional>
#include <string>
#include <vector>

namespace probe {

/// What a word of the command line can name.
struct KnownEnds {
  std::vector<inspect::Attachment> attachments{};
  std::vector<cni::Prefix> host_addresses{};  ///< of all interfaces of the host
};

/// The only attachment that a word names. Throws if there is none or several.
using Selection = std::function<const inspect::Attachment&(const std::string& word)>;

/// Finds the endpoint that a word names: "host", "host:PORT", an address of an attachment, of the host or outside of
/// this node, the second namespace of a cable, or the attachment that `select` returns. Throws the errors of `select`.
Endpoint find_endpoint(const KnownEnds& known, const std::string& word, const Selection& select);

/// Puts addresses in the networks of the attachment `word` first: from there they are reached without another hop.
void prefer_addresses_near(Endpoint& host, const Endpoint& other, const KnownEnds& known);

}  // namespace probe
