#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/attachment.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace state {

/// The host's end of a veth pair.
struct HostInterface {
  std::string name;
  std::uint32_t index = 0;  ///< 0: the name is that of the attachment and says it

  bool operator==(const HostInterface&) const = default;
};

/// The ifindexes of the ends of a veth pair; 0: not known.
struct EndIndexes {
  std::uint32_t host = 0;       ///< of the end on the host, in mode netns in the other namespace
  std::uint32_t container = 0;  ///< of the end in the container

  bool operator==(const EndIndexes&) const = default;
};

/// What an attachment should be, written down before it is made.
struct Record {
  cni::Attachment attachment = {};
  std::string netns = {};                      ///< CNI_NETNS of the ADD
  std::vector<cni::IpAddress> addresses = {};  ///< what the built-in IPAM took for it
  /// Absent while only addresses are taken, and for leases of which no interface of ours is part.
  std::optional<HostInterface> host_interface = {};
  EndIndexes ends = {};     ///< known once the ADD has been answered; records of earlier versions have none
  std::string wiring = {};  ///< JSON of the wanted network (wiring/text.hpp); empty while it is not known

  bool operator==(const Record&) const = default;
};

/// No record is longer, and no longer file is read as one. The longest configuration (1 MiB, 4,096 routes and as many
/// port mappings) needs less.
constexpr std::size_t longest_record = 16U << 20U;

/// One JSON object and a newline, for people too. "sum" is a hash of what follows it.
std::string to_text(const Record& record);

/// Changes the ends in what to_text() returned. Only the part that is returned, the beginning of the text, differs
/// then; the length stays.
std::string_view set_ends(std::string& text, const EndIndexes& ends);

/// nullopt where the text is no record of this format, or has been changed since it was written.
std::optional<Record> find_record(const std::string& text);

}  // namespace state
