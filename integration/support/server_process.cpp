#include "integration/support/server_process.hpp"

#include "integration/support/file_text.hpp"
#include "integration/support/slowness.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace support {
namespace {

bool can_execute(const std::filesystem::path& path) { return ::access(path.c_str(), X_OK) == 0; }

}  // namespace

void ServerProcess::start(const std::function<bool()>& is_ready) {
  std::vector<char*> arguments;
  for (auto& word : argv_) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int file = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execv(arguments.front(), arguments.data());
    ::_exit(127);
  }
  const int tries = 1200 * slowness();
  for (int i = 0; i < tries && !has_ended(); ++i) {
    if (is_ready()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  throw std::runtime_error(argv_.front() + " does not answer: " + read_text(log_));
}

bool ServerProcess::has_ended() {
  if (::waitpid(process_, nullptr, WNOHANG) == 0) return false;
  process_ = 0;
  return true;
}

void ServerProcess::kill() {
  if (process_ == 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = 0;
}

void ServerProcess::freeze() const {
  ::kill(process_, SIGSTOP);
  ::waitpid(process_, nullptr, WUNTRACED);
}

void ServerProcess::resume() const { ::kill(process_, SIGCONT); }

bool is_listening(int port) {
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool is_connected = ::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(client);
  return is_connected;
}

std::string find_server(const char* variable, const std::string& name) {
  if (const char* named = std::getenv(variable)) return named;
  for (const char* folder : {"/usr/bin/", "/usr/local/bin/"}) {
    if (can_execute(folder + name)) return folder + name;
  }
  const char* home = std::getenv("HOME");
  const auto peers = std::filesystem::path{home == nullptr ? "/root" : home} / ".cache/veth-cni/peers";
  std::error_code ignored;
  for (const auto& folder : std::filesystem::directory_iterator{peers, ignored}) {
    if (can_execute(folder.path() / name)) return folder.path() / name;
  }
  return {};
}

}  // namespace support
