#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/verbs/recorded.hpp"

#include <vector>

// Where the ends of an attachment are.
namespace verbs {

/// Opens the namespaces of a request: the container's, and in mode netns the peer's. Throws cni::Error invalid_netns.
kernel::Site open_site(const cni::Request& request, kernel::Kernel& kernel);

/// Where the ends of an attachment of mode netns stand by its record; empty for the other modes.
std::vector<kernel::Place> recorded_places(const Recorded& recorded);

/// The same by record and request together: the configuration may have changed, or the record be lost.
std::vector<kernel::Place> places_of(const cni::Request& request, const Recorded& recorded);

}  // namespace verbs
