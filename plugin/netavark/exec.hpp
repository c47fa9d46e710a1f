#pragma once

#include "plugin/cni/process.hpp"

#include <string>

// The calls setup and teardown of a netavark plugin as calls of CNI.
namespace netavark {

/// The call of ADD or DEL for the input of setup or teardown; `netns` is their argument. Throws cni::Error.
cni::Call to_cni_call(cni::Verb verb, const std::string& netns, const std::string& input);

/// The answer of setup, from the result of ADD: the interface in the container with its addresses.
std::string to_status_block(const std::string& result);

}  // namespace netavark
