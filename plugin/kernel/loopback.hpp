#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/kernel.hpp"

#include <vector>

namespace kernel {

/// The interface `lo` of a container.
struct Loopback {
  bool is_up = false;
  std::vector<cni::Prefix> addresses;
};

void set_loopback(const Namespace& container, bool up);
Loopback observe_loopback(const Namespace& container);

}  // namespace kernel
