#pragma once

#include "plugin/http/endpoint.hpp"
#include "plugin/http/tls.hpp"

#include <string>
#include <string_view>

namespace kubernetes {

/// How to reach an API server, and as whom.
struct Credentials {
  http::Endpoint server{};
  http::Tls tls{};
  std::string token{};  ///< of a service account or a user; empty: the certificate suffices

  bool operator==(const Credentials&) const = default;
};

/// Where a pod finds the token and the authority of its service account.
inline constexpr const char* service_account_folder = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Of the service account of the pod in which this process runs. Tokens are replaced every hour, so it is called for
/// each connection. Throws cni::Error invalid_config outside a pod.
Credentials read_service_account(const std::string& folder = service_account_folder);

/// Of the current context of a kubeconfig: JSON, or the part of YAML that kubeadm and kubectl write. Data must be in
/// the text, not in further files. Throws cni::Error.
Credentials parse_kubeconfig(std::string_view text);

}  // namespace kubernetes
