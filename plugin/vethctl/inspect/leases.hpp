#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/vethctl/inspect/node.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace inspect {

/// One taken address.
struct Lease {
  std::string network;
  cni::IpAddress address;
  std::optional<cni::Attachment> holder{};  ///< nullopt: no record says who
  State state = State::unrecorded;          ///< of the holder
  std::optional<std::chrono::seconds> age{};
};

/// All addresses that are taken in one network of the folders (nullopt: in all), by network. Each holder is judged as
/// it is under its lock.
std::vector<Lease> read_leases(kernel::Inspector& inspector, const std::vector<state::Folder>& folders,
                               const std::optional<std::string>& network);

}  // namespace inspect
