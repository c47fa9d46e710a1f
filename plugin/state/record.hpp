#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/attachment.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace state {

/// The host's end of a veth pair.
struct HostInterface {
  std::string name;
  std::uint32_t index = 0;  ///< 0: the name is that of the attachment and says it

  bool operator==(const HostInterface&) const = default;
};

/// What an attachment should be, written down before it is made.
struct Record {
  cni::Attachment attachment = {};
  std::string netns = {};                      ///< CNI_NETNS of the ADD
  std::vector<cni::IpAddress> addresses = {};  ///< what the built-in IPAM took for it
  /// Absent while only addresses are taken, and for leases of which no interface of ours is part.
  std::optional<HostInterface> host_interface = {};
  std::string wiring = {};  ///< JSON of the wanted network (wiring/text.hpp); empty while it is not known

  bool operator==(const Record&) const = default;
};

/// One JSON object and a newline, for people too. "sum" is a hash of what stands behind it.
std::string to_text(const Record& record);

/// nullopt where the text is no record of this format, or has been changed since it was written.
std::optional<Record> find_record(const std::string& text);

}  // namespace state
