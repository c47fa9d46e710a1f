#pragma once

#include <functional>
#include <string>

namespace kernel {

/// Waits for deferred work of the kernel, which takes microseconds where nothing else is to be done: asks twice at
/// once, and then ever more rarely. Throws std::system_error ETIMEDOUT after 5 s: "wait for the packets of "eth0" to
/// get through".
void await(const char* what, const std::string& device, const std::function<bool()>& is_true);

/// The same for what has other words.
bool comes_true(const std::function<bool()>& is_true);

}  // namespace kernel
