#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/kernel/prober.hpp"
#include "plugin/vethctl/probe/result.hpp"
#include "plugin/vethctl/probe/test_plan.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace probe {

/// The opened network namespaces of a plan, each once: of the endpoints and of the host.
struct Places {
  std::vector<kernel::Namespace> namespaces{};
  std::vector<std::string> names{};                         ///< of the endpoint, or "host"
  std::array<std::optional<std::size_t>, 2> of_endpoint{};  ///< nullopt: outside
  std::size_t host = 0;
};

/// Throws cni::Error if a namespace does not exist.
Places open_places(kernel::Kernel& kernel, const Plan& plan);

/// The interfaces that a packet passed.
std::vector<Hop> hops_of(const Places& places, const kernel::ProbeAnswer& answer);

}  // namespace probe
