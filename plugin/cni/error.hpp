#pragma once

#include "plugin/cni/version.hpp"

#include <exception>
#include <string>
#include <vector>

namespace cni {

/// Codes 1-99 are defined by the specification (8 and 999 by the reference plugins), 100 and above by this plugin.
/// veth-cni(7) lists them with cause and remedy.
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
  system_refused = 100,       ///< a system call failed
  already_attached = 101,     ///< ADD of an attachment that exists already
  addresses_exhausted = 102,  ///< every address of a range set is in use
  address_in_use = 103,       ///< a requested address is used by another attachment or elsewhere on the node
  differs = 104,              ///< CHECK found differences
  delegate_failed = 105,      ///< an IPAM executable is missing, or failed without printing an error
  host_port_in_use = 106,     ///< a host port is mapped to another container
  internal = 999,
};

/// The error that a failed call prints: `message` is one line, `details` is optional.
struct Error : std::exception {
  Error(ErrorCode error_code, std::string error_message, std::string error_details = {});

  /// "message; details", as in libcni.
  const char* what() const noexcept override { return text_.c_str(); }

  unsigned code;  ///< not an ErrorCode: the error of a delegate keeps its code
  std::string message;
  std::string details;

 private:
  std::string text_;
};

/// Error not_available (50): "no container can be added now: " and the reason.
Error not_available(const std::string& reason, std::string details = {});

/// The error object of the specification, section "Error": cniVersion, code, msg and, if not empty, details.
std::string to_json(const Error& error, Version version);

/// Parses the error object that a delegate printed. Throws Error decoding_failure if the text is not an error object.
Error parse_error(const std::string& text);

}  // namespace cni
