#include "ipam/reference_ipam.hpp"

#include "ipam/exec_ipam.hpp"
#include "ipam/host_local_ipam.hpp"
#include "ipam/static_ipam.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/posix/own_executable.hpp"

#include <utility>

namespace ipam {

std::optional<cni::IpamDialect> reference_dialect_of(const std::string& type) {
  if (type == "host-local") return cni::IpamDialect::host_local;
  if (type == "static") return cni::IpamDialect::fixed;
  return std::nullopt;
}

std::optional<cni::IpamDialect> find_own_dialect(const cni::Request& request) {
  const auto dialect = reference_dialect_of(request.config.ipam.type);
  if (!dialect) return std::nullopt;
  const auto path = find_plugin_if_present(request.config.ipam.type, request.plugin_path);
  return path && posix::is_own_executable(*path) ? dialect : std::nullopt;
}

/// The interface plugin has a record of each attachment, so that a second ADD does not get here.
std::unique_ptr<Ipam> make_in_process_ipam(const cni::Request& request, cni::IpamDialect dialect) {
  auto config = cni::parse_ipam_request(request.input, request.verb, request.args, dialect);
  if (dialect == cni::IpamDialect::fixed) return std::make_unique<StaticIpam>(std::move(config));
  return std::make_unique<HostLocalIpam>(request, std::move(config), HostLocalIpam::Duplicates::accept);
}

std::unique_ptr<Ipam> make_reference_ipam(const cni::Request& request, cni::IpamDialect dialect) {
  if (dialect == cni::IpamDialect::fixed) return std::make_unique<StaticIpam>(request.config);
  return std::make_unique<HostLocalIpam>(request, request.config, HostLocalIpam::Duplicates::refuse);
}

}  // namespace ipam
