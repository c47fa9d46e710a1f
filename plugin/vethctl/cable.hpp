#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/vethctl/command.hpp"
#include "plugin/vethctl/end.hpp"

#include <string>

// What connect and disconnect have in common.
namespace vethctl {

/// The name of an interface that an option gives, "eth0" where it was not given. Throws UsageError for what no
/// interface can be called.
std::string read_interface(const Arguments& arguments, const std::string& option);

/// For the attachment of network "vethctl" whose container's end that is.
cni::Request cable_request(const End& container, const std::string& interface);

}  // namespace vethctl
