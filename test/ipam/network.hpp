#pragma once

#include "ipam/ipam.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/state/folder.hpp"
#include "test/support/addresses.hpp"
#include "test/support/temporary_directory.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace test {

/// A range with the default values for its subnet.
inline cni::RangeConfig range(std::string_view subnet) {
  return {.subnet = prefix(subnet), .range_start = {}, .range_end = {}, .gateway = {}, .exclude = {}};
}

inline cni::RangeConfig range(std::string_view subnet, std::string_view start, std::string_view end) {
  return {.subnet = prefix(subnet), .range_start = ip(start), .range_end = ip(end), .gateway = {}, .exclude = {}};
}

inline cni::Route route_to(std::string_view destination) {
  cni::Route route;
  route.destination = prefix(destination);
  return route;
}

inline cni::RequestedAddress requested(std::string_view address) {
  return {.address = ip(address), .prefix_length = {}, .gateway = {}};
}

/// Throws the error of a failure, as ADD does.
inline cni::Lease lease_of(ipam::Allocation allocation) {
  if (const auto* failure = std::get_if<ipam::AllocationFailure>(&allocation)) throw failure->error;
  return std::get<cni::Lease>(std::move(allocation));
}

/// A state folder, and requests of containers in the network "net".
class Network : public testing::Test {
 protected:
  cni::Request request(const std::string& container) const {
    cni::Request request;
    request.attachment = {.network = "net", .container = container, .interface = "eth0"};
    request.netns = "/run/netns/" + container;
    request.config = config;
    return request;
  }
  std::string file(const std::string& name) const { return folder.path() + "/net/" + name; }
  std::optional<state::Record> record_of(const std::string& container) const {
    const auto stored = folder.records.find(request(container).attachment);
    return stored ? stored->record : std::nullopt;
  }
  /// Releases the addresses of a container like the teardown.
  void release(const std::string& container) {
    const auto stored = folder.records.find(request(container).attachment);
    const auto tag = tag_of(container);
    const auto held = stored && stored->record ? stored->record->addresses : folder.addresses.held_by("net", tag);
    for (const auto& address : held) folder.addresses.release("net", address, tag);
  }
  cni::Tag tag_of(const std::string& container) const { return cni::tag_of(request(container).attachment); }

  TemporaryDirectory directory;
  std::string root = directory.path() + "/root";
  state::Folder folder = state::Folder::open(root, root);
  cni::NetworkConfig config = [] {
    cni::NetworkConfig configured;
    configured.version = cni::Version::v1_1_0;
    configured.name = "net";
    configured.ipam.type = "veth-ipam";
    return configured;
  }();
};

}  // namespace test
