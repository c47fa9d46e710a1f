#pragma once

#include "plugin/cni/process.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

// The process of a plugin for netavark, the network stack of Podman 5: its first argument is create, setup, teardown or
// info. setup and teardown are ADD and DEL of veth.
namespace netavark {

using Print = std::function<void(std::string_view)>;
using Serve = std::function<void(cni::Call call, const Print& print)>;

/// Serves one call with these arguments, and returns the exit status. `serve` runs ADD and DEL. An exception is printed
/// as {"error": "..."}, with status 1.
int serve_process(const std::vector<std::string>& arguments, std::string_view version, const cni::Streams& streams,
                  const Serve& serve);

}  // namespace netavark
