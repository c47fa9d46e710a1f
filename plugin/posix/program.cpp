#include "plugin/posix/program.hpp"

#include "plugin/posix/file_descriptor.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string_view>
#include <thread>

namespace posix {
namespace {

struct Pipe {
  FileDescriptor read_end;
  FileDescriptor write_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) throw_errno("create a pipe");
  return {FileDescriptor{ends[0]}, FileDescriptor{ends[1]}};
}

void check_spawn(int error, const std::string& act) {
  if (error != 0) throw system_error(error, act);
}

/// What posix_spawn is to do between fork and exec: the pipes on 0 and 1, every signal as a new program expects it.
class SpawnPlan {
 public:
  SpawnPlan(int input, int output) {
    check_spawn(::posix_spawn_file_actions_init(&actions_), "prepare a program");
    check_spawn(::posix_spawnattr_init(&attributes_), "prepare a program");
    ::posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    sigset_t signals;
    ::sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  /// The errno, 0 for success.
  int spawn(const Program& program, pid_t& child) const {
    std::array<char*, 2> arguments{const_cast<char*>(program.path.c_str()), nullptr};
    std::vector<char*> environment;
    environment.reserve(program.environment.size() + 1);
    for (const auto& variable : program.environment) environment.push_back(const_cast<char*>(variable.c_str()));
    environment.push_back(nullptr);
    return ::posix_spawn(&child, program.path.c_str(), &actions_, &attributes_, arguments.data(), environment.data());
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

pid_t start(const Program& program, int input, int output) {
  constexpr int attempts = 5;
  const SpawnPlan plan{input, output};
  pid_t child = 0;
  int error = plan.spawn(program, child);
  for (int attempt = 1; error == ETXTBSY && attempt < attempts; ++attempt) {
    std::this_thread::sleep_for(std::chrono::seconds{1});
    error = plan.spawn(program, child);
  }
  check_spawn(error, "run " + text::quoted(program.path));
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw_errno("wait for a program");
  }
  constexpr int signal_base = 128;
  return WIFEXITED(status) ? WEXITSTATUS(status) : signal_base + WTERMSIG(status);
}

/// Writes what the program still takes and closes the pipe at the end, or as soon as the program does not want any
/// more.
void feed(FileDescriptor& pipe, std::string_view& rest) {
  const ssize_t count = ::write(pipe.get(), rest.data(), rest.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0 && errno != EPIPE) throw_errno("write to a program");
  rest.remove_prefix(count < 0 ? rest.size() : static_cast<std::size_t>(count));
  if (rest.empty()) pipe.close();
}

void drain(FileDescriptor& pipe, std::string& output) {
  std::array<char, 16384> buffer;
  const ssize_t count = ::read(pipe.get(), buffer.data(), buffer.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0) throw_errno("read from a program");
  if (count == 0) return pipe.close();
  output.append(buffer.data(), static_cast<std::size_t>(count));
}

/// Feeds and drains at once: neither side can block the other, however much each of them writes. Output beyond the
/// limit is read and dropped, so that the program ends as it wants to.
std::string converse(FileDescriptor input, FileDescriptor output, std::string_view text, std::size_t limit) {
  std::string answer;
  if (::fcntl(input.get(), F_SETFL, O_NONBLOCK) < 0) throw_errno("set a pipe non-blocking");
  if (text.empty()) input.close();
  while (output) {
    std::array<pollfd, 2> waiting{pollfd{output.get(), POLLIN, 0}, pollfd{input.get(), POLLOUT, 0}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) throw_errno("wait for a program");
    if (waiting[0].revents != 0) drain(output, answer);
    if (waiting[1].revents != 0 && input) feed(input, text);
    if (answer.size() > limit) answer.resize(limit + 1);
  }
  return answer;
}

}  // namespace

Outcome run(const Program& program, std::size_t output_limit) {
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  const pid_t child = start(program, input.read_end.get(), output.write_end.get());
  input.read_end.close();
  output.write_end.close();
  Outcome outcome;
  try {
    outcome.output = converse(std::move(input.write_end), std::move(output.read_end), program.input, output_limit);
  } catch (...) {
    wait_for(child);  // its pipes are closed by now; what it does must not go on beside what we do next
    throw;
  }
  outcome.exit_status = wait_for(child);
  if (outcome.output.size() > output_limit)
    throw system_error(EFBIG, "read the output of " + text::quoted(program.path));
  return outcome;
}

}  // namespace posix
