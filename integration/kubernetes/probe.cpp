// probe serve NAME | ask ADDRESS PORT | ask-udp ADDRESS PORT | receive ADDRESS PORT | send ADDRESS PORT
//
// The server in each pod, and its client. The server answers on TCP and UDP port 7000 with "NAME ADDRESS", the address
// of the client; sends 4 MiB on TCP port 7001; and receives as many on TCP port 7002. Both families. The client prints
// the answer, or the milliseconds that the transfer took, and fails after 5 s without data.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::uint16_t port_of_answers = 7000;
constexpr std::uint16_t port_of_source = 7001;
constexpr std::uint16_t port_of_sink = 7002;
constexpr std::size_t size_of_transfer = std::size_t{4} << 20U;
constexpr timeval timeout{5, 0};
const std::string mapped = "::ffff:";  // before IPv4 addresses of IPv6 sockets

[[noreturn]] void fail(const char* act) {
  std::perror(act);
  std::exit(1);
}

sockaddr* generic(sockaddr_in6& address) { return reinterpret_cast<sockaddr*>(&address); }

int open_socket(int type) {
  const int file = ::socket(AF_INET6, type, 0);
  if (file < 0) fail("socket");
  constexpr int off = 0;
  constexpr int on = 1;
  ::setsockopt(file, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  ::setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return file;
}

int listen_on(int type, std::uint16_t port) {
  const int file = open_socket(type);
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_port = htons(port);
  if (::bind(file, generic(any), sizeof any) < 0) fail("bind");
  if (type == SOCK_STREAM && ::listen(file, SOMAXCONN) < 0) fail("listen");
  return file;
}

/// IPv4 addresses without the prefix ::ffff:.
std::string text_of(const sockaddr_in6& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
  const std::string printed{text.data()};
  return printed.substr(printed.starts_with(mapped) ? mapped.size() : 0);
}

void answer_datagram(int file, const std::string& name) {
  sockaddr_in6 client{};
  socklen_t size = sizeof client;
  std::array<char, 64> ignored;
  if (::recvfrom(file, ignored.data(), ignored.size(), 0, generic(client), &size) < 0) return;
  const auto answer = name + ' ' + text_of(client) + '\n';
  ::sendto(file, answer.data(), answer.size(), 0, generic(client), size);
}

std::size_t receive_all(int file) {
  std::vector<char> buffer(std::size_t{64} << 10U);
  std::size_t sum = 0;
  ssize_t received = 0;
  while ((received = ::read(file, buffer.data(), buffer.size())) > 0) sum += static_cast<std::size_t>(received);
  if (received < 0) fail("read");
  return sum;
}

void send_all(int file) {
  const std::vector<char> buffer(std::size_t{64} << 10U);
  for (std::size_t sent = 0; sent < size_of_transfer;) {
    const auto count = ::write(file, buffer.data(), std::min(buffer.size(), size_of_transfer - sent));
    if (count < 0) fail("write");
    sent += static_cast<std::size_t>(count);
  }
}

void serve_connection(int file, std::uint16_t port, const std::string& answer) {
  if (port == port_of_source) send_all(file);
  if (port == port_of_sink) receive_all(file);
  const auto text = port == port_of_source ? std::string{} : answer;
  if (::write(file, text.data(), text.size()) < 0) fail("write");
}

/// In a process of its own: a transfer must not delay answers.
void accept_connection(int listener, std::uint16_t port, const std::string& name) {
  sockaddr_in6 client{};
  socklen_t size = sizeof client;
  const int file = ::accept(listener, generic(client), &size);
  if (file < 0) return;
  if (::fork() == 0) {
    serve_connection(file, port, name + ' ' + text_of(client) + '\n');
    std::exit(0);
  }
  ::close(file);
}

[[noreturn]] void serve(const std::string& name) {
  std::signal(SIGCHLD, SIG_IGN);
  constexpr std::array ports{port_of_answers, port_of_source, port_of_sink};
  std::vector<pollfd> files;
  for (const auto port : ports) files.push_back({listen_on(SOCK_STREAM, port), POLLIN, 0});
  files.push_back({listen_on(SOCK_DGRAM, port_of_answers), POLLIN, 0});
  while (true) {
    if (::poll(files.data(), files.size(), -1) < 0) continue;
    for (std::size_t at = 0; at < ports.size(); ++at) {
      if (files[at].revents != 0) accept_connection(files[at].fd, ports[at], name);
    }
    if (files.back().revents != 0) answer_datagram(files.back().fd, name);
  }
}

int connect_to(int type, const std::string& address, const char* port) {
  sockaddr_in6 server{};
  server.sin6_family = AF_INET6;
  server.sin6_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  const bool is_ipv4 = address.find(':') == std::string::npos;
  if (::inet_pton(AF_INET6, ((is_ipv4 ? mapped : "") + address).c_str(), &server.sin6_addr) != 1) fail("inet_pton");
  const int file = open_socket(type);
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) ::setsockopt(file, SOL_SOCKET, option, &timeout, sizeof timeout);
  if (::connect(file, generic(server), sizeof server) < 0) fail("connect");
  return file;
}

void print_answer(int file) {
  std::array<char, 256> answer;
  const auto size = ::read(file, answer.data(), answer.size());
  if (size <= 0) fail("read");
  std::fwrite(answer.data(), 1, static_cast<std::size_t>(size), stdout);
}

void run_client(std::string_view verb, const char* address, const char* port) {
  const bool is_datagram = verb == "ask-udp";
  const int file = connect_to(is_datagram ? SOCK_DGRAM : SOCK_STREAM, address, port);
  if (verb == "ask") return print_answer(file);
  if (is_datagram) {
    if (::write(file, "?", 1) < 0) fail("write");
    return print_answer(file);
  }
  const auto start = std::chrono::steady_clock::now();
  if (verb == "send") {
    send_all(file);
    ::shutdown(file, SHUT_WR);
    receive_all(file);
  } else if (receive_all(file) != size_of_transfer) {
    std::exit(1);
  }
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  std::printf("%lld\n", static_cast<long long>(time.count()));
}

}  // namespace

int main(int count, char** words) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGTERM, [](int) { ::_exit(0); });  // the first process of a container ignores it otherwise
  if (count == 3) serve(words[2]);
  if (count != 4) return 2;
  run_client(words[1], words[2], words[3]);
}
