#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/vethctl/inspect/node.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace inspect {

/// One leased address.
struct Lease {
  std::string network;
  cni::IpAddress address;
  std::optional<cni::Attachment> holder{};  ///< nullopt: no readable record
  State state = State::unrecorded;          ///< of the holder
  std::optional<std::chrono::seconds> age{};
  std::string block{};  ///< of a pool of the cluster: "default/0000a3"; empty: of none
};

/// The leases of one network (nullopt: of all), sorted by network. The state of each holder is read under its lock.
std::vector<Lease> read_leases(kernel::Inspector& inspector, const std::vector<state::Folder>& folders,
                               const std::optional<std::string>& network);

}  // namespace inspect
