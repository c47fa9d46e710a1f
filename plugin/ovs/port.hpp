#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/wiring/wiring.hpp"

#include <string>

namespace ovs {

/// The UUID of the port of an attachment. It follows from the tag: a port is removed without a search for it, and can
/// be added only once.
std::string port_uuid(cni::Tag tag);

/// A port to be added.
struct NewPort {
  cni::Attachment attachment{};
  std::string interface {};    ///< name of the end of the pair
  std::string node{};          ///< instance: "<boot id>-<cookie of the network namespace>"
  std::string attached_mac{};  ///< of the container, for OVN; empty: unknown
  wiring::OvsPort settings{};

  bool operator==(const NewPort&) const = default;
};

/// A port of this plugin in the database.
struct StoredPort {
  std::string uuid{};
  std::string interface {};
  cni::Attachment attachment{};
  std::string node{};  ///< the instance that added it

  bool operator==(const StoredPort&) const = default;
};

}  // namespace ovs
