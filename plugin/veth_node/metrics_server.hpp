#pragma once

#include "plugin/http/endpoint.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace veth_node {

struct Page {
  unsigned status = 200;
  std::string text{};
};

/// Serves pages over HTTP, one client after the other.
class MetricsServer {
 public:
  /// Listens. Throws std::system_error.
  explicit MetricsServer(const http::Endpoint& endpoint);

  /// Answers each request with the page of its path. Does not return.
  void serve(const std::function<Page(std::string_view path)>& page_of) const;

 private:
  posix::FileDescriptor listener_;
};

/// "127.0.0.1:9273" or "[::1]:9273". Throws cni::Error invalid_config.
http::Endpoint read_listen_address(const std::string& text);

/// The response to the beginning of a request: its first line. Only GET is served.
std::string response_to(std::string_view request, const std::function<Page(std::string_view path)>& page_of);

}  // namespace veth_node
