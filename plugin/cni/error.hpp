#pragma once

#include "plugin/cni/version.hpp"

#include <exception>
#include <string>
#include <vector>

namespace cni {

/// Codes 1-99 are the specification's (8 and 999 the reference's), 100 and up are this plugin's. veth-cni(7) lists
/// them with cause and remedy.
enum class ErrorCode : unsigned {
  incompatible_version = 1,
  unsupported_field = 2,
  invalid_environment = 4,
  io_failure = 5,
  decoding_failure = 6,
  invalid_config = 7,
  invalid_netns = 8,
  try_again_later = 11,
  not_available = 50,
  limited_connectivity = 51,
  system_refused = 100,       ///< the kernel or the file system refused what was asked
  already_attached = 101,     ///< ADD of an attachment that stands
  addresses_exhausted = 102,  ///< every address of a range is taken
  address_in_use = 103,       ///< a requested address is held by another attachment or lives elsewhere on the node
  differs = 104,              ///< CHECK found differences
  delegate_failed = 105,      ///< an IPAM executable is missing, or failed without an error of its own
  host_port_in_use = 106,     ///< a host port is mapped to another container
  internal = 999,
};

/// What the runtime is told when a call fails: `message` in one line, `details` where there is more to say.
struct Error : std::exception {
  Error(ErrorCode error_code, std::string error_message, std::string error_details = {});

  /// The message with the details behind "; ", as libcni shows it.
  const char* what() const noexcept override { return text_.c_str(); }

  unsigned code;  ///< a number and not an ErrorCode: a delegate's error passes with the code it has
  std::string message;
  std::string details;

 private:
  std::string text_;
};

/// Error not_available (50): "no container can be added now: " and the reason.
Error not_available(const std::string& reason, std::string details = {});

/// The error object of the specification, section "Error": cniVersion, code, msg and, where there are any, details.
std::string to_json(const Error& error, Version version);

/// The error object that a delegate printed; throws Error decoding_failure where the text is none.
Error parse_error(const std::string& text);

}  // namespace cni
