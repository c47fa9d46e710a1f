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

/// The host end of a veth pair.
struct HostInterface {
  std::string name;
  std::uint32_t index = 0;  ///< only of an imported end; 0: the name follows from the attachment

  bool operator==(const HostInterface&) const = default;
};

/// The ifindexes of the ends of a veth pair; 0: not known.
struct EndIndexes {
  std::uint32_t host = 0;       ///< of the end on the host, in mode netns in the other namespace
  std::uint32_t container = 0;  ///< of the end in the container

  bool operator==(const EndIndexes&) const = default;
};

/// The wanted state of an attachment, written before the attachment is created.
struct Record {
  cni::Attachment attachment = {};
  std::string netns = {};                      ///< CNI_NETNS of the ADD
  std::string pod = {};                        ///< "NAMESPACE/NAME" in Kubernetes; empty: no pod
  std::vector<cni::IpAddress> addresses = {};  ///< taken by the built-in IPAM
  /// nullopt while only addresses are taken, and for leases without an interface of this plugin.
  std::optional<HostInterface> host_interface = {};
  EndIndexes ends = {};     ///< known when the result is printed; records of earlier versions have none
  std::string wiring = {};  ///< JSON of the wiring (wiring/text.hpp); empty while it is not known

  bool operator==(const Record&) const = default;
};

/// The maximum size of a record in bytes; larger files are not read. The largest configuration (4,096 routes, and
/// 65,536 port mappings of two families) needs less.
constexpr std::size_t longest_record = 64U << 20U;

/// One JSON object and a newline. "sum" is a hash of the text after it.
std::string to_text(const Record& record);

/// Sets the sum in a text that begins like those of to_text(): {"sum":", 13 characters, and a quote.
void set_sum(std::string& text);

/// Changes the ends in a text of to_text(). Only the beginning of the text changes, which is returned; the length does
/// not change.
std::string_view set_ends(std::string& text, const EndIndexes& ends);

/// nullopt if the text is not a record of this format, or was changed since it was written.
std::optional<Record> find_record(const std::string& text);

}  // namespace state
