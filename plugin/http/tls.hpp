#pragma once

#include <string>

namespace http {

/// How a server is verified, and how this client proves who it is. All are PEM texts.
struct Tls {
  std::string ca{};           ///< certificates of the authorities that may have signed that of the server
  std::string certificate{};  ///< of this client, followed by intermediate ones; empty: none
  std::string key{};          ///< of the certificate
  std::string server_name{};  ///< that the certificate of the server must have; empty: the address of the server

  bool operator==(const Tls&) const = default;
};

}  // namespace http
