#pragma once

#include "ipam/ipam.hpp"
#include "plugin/cni/dialect.hpp"

#include <memory>
#include <optional>

// The IPAM plugins of the reference that this program replaces.
namespace ipam {

/// "host-local" and "static"; nullopt: another type.
std::optional<cni::IpamDialect> reference_dialect_of(const std::string& type);

/// The dialect of the request's IPAM if its type is one of these, and the executable that a delegation would run is
/// this program under that name. Then it is served in-process.
std::optional<cni::IpamDialect> find_own_dialect(const cni::Request& request);

/// For an interface plugin that serves its IPAM in-process: `request` is the plugin's. It must outlive the IPAM.
std::unique_ptr<Ipam> make_in_process_ipam(const cni::Request& request, cni::IpamDialect dialect);

/// For an IPAM executable: `request` was read in the dialect. It must outlive the IPAM.
std::unique_ptr<Ipam> make_reference_ipam(const cni::Request& request, cni::IpamDialect dialect);

}  // namespace ipam
