#pragma once

#include "plugin/kernel/prober.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

struct pollfd;

namespace kernel {

/// The sockets of one ProbePacket. They stay in the namespace of the thread that opened them.
class ProbeSocket {
 public:
  explicit ProbeSocket(const ProbePacket& packet);

  /// Opens the temporary socket that listens; in the receiver's namespace.
  void listen();

  /// Opens the socket of the sender, with one of the numbers `id` and following that is free; in the sender's
  /// namespace. A failure is stored in the answer.
  void open(std::uint16_t id);

  /// The ICMP identifier, or the source port.
  std::uint16_t id() const { return id_; }

  void send();

  /// Adds what poll(2) has to wait for; nothing if the answer is complete.
  void add_to(std::vector<pollfd>& files) const;

  /// Reads what has arrived, without blocking.
  void receive();

  bool is_complete() const { return is_complete_; }
  const ProbePacket& packet() const { return packet_; }

  ProbeAnswer answer{};

 private:
  void finish(ProbeAnswer::Kind kind, int error = 0);
  void fail_to_send(int error);
  void finish_with_error(int error);
  bool open_socket();
  bool try_bind(std::uint16_t id);
  void connect();
  void send_datagram();
  void receive_connection();
  void receive_datagram();
  bool receive_error();
  void echo() const;
  std::string message() const;

  ProbePacket packet_;
  std::uint16_t id_ = 0;
  posix::FileDescriptor sender_{};
  posix::FileDescriptor listener_{};
  std::chrono::steady_clock::time_point sent_{};
  bool is_complete_ = false;
};

}  // namespace kernel
