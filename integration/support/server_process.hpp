#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace support {

/// A server in a process of its own, which ends with the object. Its output is appended to a file.
class ServerProcess {
 public:
  ServerProcess(std::vector<std::string> argv, std::string log) : argv_(std::move(argv)), log_(std::move(log)) {}
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess() { kill(); }

  /// Returns when the server is ready. Throws std::runtime_error with its output if it ends or is not ready after 60 s.
  void start(const std::function<bool()>& is_ready);

  void kill();

  /// It keeps its connections and does not answer.
  void freeze() const;
  void resume() const;

  pid_t process() const { return process_; }

 private:
  bool has_ended();

  std::vector<std::string> argv_;
  std::string log_;
  pid_t process_ = 0;
};

/// Whether a server of this network namespace accepts TCP connections at 127.0.0.1.
bool is_listening(int port);

/// The executable named by the variable, or in the folders of installed programs, or built by integration/peers/build;
/// empty: there is none.
std::string find_server(const char* variable, const std::string& name);

}  // namespace support
