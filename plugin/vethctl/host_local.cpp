#include "plugin/vethctl/host_local.hpp"

#include "ipam/host_local_files.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/result.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/state/directory_reader.hpp"

#include <fcntl.h>

#include <algorithm>
#include <utility>

namespace vethctl {
namespace {

constexpr std::size_t max_lease_bytes = 4096;

/// The member "result" of a cache file; files of older libraries are the result itself.
std::string result_of(const cni::JsonDocument& document) {
  auto cached = document.root().as_object();
  const auto result = cached.find("result");
  return result ? result->json() : document.root().json();
}

CachedAttachment read_interfaces(const std::vector<cni::Interface>& interfaces, const std::string& name) {
  CachedAttachment attachment;
  for (const auto& interface : interfaces) {
    if (interface.sandbox.empty()) attachment.host_interfaces.push_back(interface.name);
    if (!interface.sandbox.empty() && interface.name == name) attachment.netns = interface.sandbox;
  }
  return attachment;
}

}  // namespace

HostLocalLease parse_host_local(const cni::IpAddress& address, std::string_view content) {
  auto holder = ipam::parse_host_local(content);
  if (holder.container.empty()) return {.address = address};
  if (holder.interface.empty()) holder.interface = "eth0";
  return {.address = address, .container = std::move(holder.container), .interface = std::move(holder.interface)};
}

std::vector<HostLocalLease> read_host_local(const std::string& directory) {
  const auto opened = posix::open_file(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY);
  std::vector<HostLocalLease> leases;
  state::DirectoryReader reader{opened.get()};
  while (const auto entry = reader.next()) {
    const auto address = cni::find_address(entry->name);
    const auto content =
        address ? posix::find_content(opened.get(), std::string{entry->name}, max_lease_bytes) : std::nullopt;
    if (content) leases.push_back(parse_host_local(*address, *content));
  }
  std::ranges::sort(leases, {}, &HostLocalLease::address);
  return leases;
}

std::optional<CachedAttachment> find_cached(const std::string& text, const std::string& interface) try {
  const cni::JsonDocument document{text, "a cached result"};
  const auto result = cni::parse_result(result_of(document), cni::Version::v1_0_0, "a cached result");
  return read_interfaces(result.interfaces, interface);
} catch (const cni::Error&) {
  return std::nullopt;
}

}  // namespace vethctl
