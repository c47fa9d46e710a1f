#include "plugin/veth_node/metrics_server.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/http/socket_address.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <chrono>
#include <thread>

namespace veth_node {
namespace {

constexpr int backlog = 16;

void answer(int client, const std::function<Page(std::string_view path)>& page_of) {
  constexpr timeval timeout{.tv_sec = 2, .tv_usec = 0};
  ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  std::array<char, 4096> request;
  const auto count = ::recv(client, request.data(), request.size(), 0);
  if (count <= 0) return;
  const auto response = response_to({request.data(), static_cast<std::size_t>(count)}, page_of);
  for (std::string_view rest = response; !rest.empty();) {
    const auto sent = ::send(client, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  ::shutdown(client, SHUT_WR);
  while (::recv(client, request.data(), request.size(), 0) > 0) continue;
}

}  // namespace

http::Endpoint read_listen_address(const std::string& text) try {
  return http::read_endpoint("http://" + text);
} catch (const cni::Error&) {
  throw cni::Error{cni::ErrorCode::invalid_config,
                   text::quoted(text) + R"( must have the form "127.0.0.1:9273" or "[::1]:9273")"};
}

MetricsServer::MetricsServer(const http::Endpoint& endpoint) {
  const auto address = http::socket_address(endpoint);
  listener_ = posix::FileDescriptor{::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const auto act = "listen on " + http::host_of(endpoint);
  if (!listener_) posix::throw_errno(act);
  const int on = 1;
  ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(listener_.get(), address.get(), address.size) < 0) posix::throw_errno(act);
  if (::listen(listener_.get(), backlog) < 0) posix::throw_errno(act);
}

void MetricsServer::serve(const std::function<Page(std::string_view path)>& page_of) const {
  while (true) {
    const posix::FileDescriptor client{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (client) {
      answer(client.get(), page_of);
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds{100});  // no descriptor is free
    }
  }
}

std::string response_to(std::string_view request, const std::function<Page(std::string_view path)>& page_of) {
  const auto line = request.substr(0, request.find_first_of("\r\n"));
  constexpr std::string_view method = "GET ";
  Page page{.status = 405, .text = "only GET is served\n"};
  if (line.starts_with(method)) {
    const auto target = line.substr(method.size());
    page = page_of(target.substr(0, target.find_first_of(" ?")));
  }
  return "HTTP/1.1 " + std::to_string(page.status) + (page.status == 200 ? " OK" : " Error") +
         "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: " +
         std::to_string(page.text.size()) + "\r\nConnection: close\r\n\r\n" + page.text;
}

}  // namespace veth_node
