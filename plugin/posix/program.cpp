#include "plugin/posix/program.hpp"

#include "plugin/posix/file_descriptor.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
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

/// What posix_spawn does between fork and exec: connects the pipes to descriptors 0 and 1 and resets all signals.
class SpawnOptions {
 public:
  SpawnOptions(int input, int output) {
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
  SpawnOptions(const SpawnOptions&) = delete;
  SpawnOptions& operator=(const SpawnOptions&) = delete;
  ~SpawnOptions() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  /// Returns errno, or 0 for success.
  int spawn(const Program& program, pid_t& child) const {
    std::vector<char*> arguments{const_cast<char*>(program.path.c_str())};
    for (const auto& argument : program.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
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
  const SpawnOptions options{input, output};
  pid_t child = 0;
  int error = options.spawn(program, child);
  for (int attempt = 1; error == ETXTBSY && attempt < attempts; ++attempt) {
    std::this_thread::sleep_for(std::chrono::seconds{1});
    error = options.spawn(program, child);
  }
  check_spawn(error, "run " + text::quoted(program.path));
  return child;
}

using Deadline = std::optional<std::chrono::steady_clock::time_point>;

/// In milliseconds, for poll(2); -1 without a deadline.
int time_until(const Deadline& deadline) {
  if (!deadline) return -1;
  const auto rest = std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::chrono::milliseconds::rep>(rest.count(), 0));
}

/// Kills the program at the deadline, and returns whether it did.
bool kill_at(const Deadline& deadline, pid_t child) {
  if (!deadline) return false;
  const FileDescriptor process{static_cast<int>(::syscall(SYS_pidfd_open, child, 0))};
  pollfd waiting{process.get(), POLLIN, 0};
  while (process && ::poll(&waiting, 1, time_until(deadline)) < 0 && errno == EINTR) {
  }
  const bool has_ended = process && waiting.revents != 0;
  if (!has_ended) ::kill(child, SIGKILL);
  return !has_ended;
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw_errno("wait for the end of a program");
  }
  constexpr int signal_base = 128;
  return WIFEXITED(status) ? WEXITSTATUS(status) : signal_base + WTERMSIG(status);
}

/// Writes what the pipe accepts. Closes the pipe after the last byte, or when the program has closed its input.
void write_some(FileDescriptor& pipe, std::string_view& rest) {
  const ssize_t count = ::write(pipe.get(), rest.data(), rest.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0 && errno != EPIPE) throw_errno("write the input of a program");
  rest.remove_prefix(count < 0 ? rest.size() : static_cast<std::size_t>(count));
  if (rest.empty()) pipe.close();
}

void read_some(FileDescriptor& pipe, std::string& output) {
  std::array<char, 16384> buffer;
  const ssize_t count = ::read(pipe.get(), buffer.data(), buffer.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0) throw_errno("read the output of a program");
  if (count == 0) return pipe.close();
  output.append(buffer.data(), static_cast<std::size_t>(count));
}

/// The ends of the pipes that this process uses.
struct Pipes {
  FileDescriptor output;
  FileDescriptor input;
};

/// Writes the input and reads the output at the same time, so that neither side can block the other. Output beyond the
/// limit is read and discarded, so that the program can run to its end.
std::string exchange(Pipes pipes, std::string_view text, std::size_t limit, const Deadline& deadline) {
  auto& [output, input] = pipes;
  std::string answer;
  if (::fcntl(input.get(), F_SETFL, O_NONBLOCK) < 0) throw_errno("set a pipe to non-blocking mode");
  if (text.empty()) input.close();
  while (output) {
    std::array<pollfd, 2> waiting{pollfd{output.get(), POLLIN, 0}, pollfd{input.get(), POLLOUT, 0}};
    const int ready = ::poll(waiting.data(), waiting.size(), time_until(deadline));
    if (ready < 0 && errno != EINTR) throw_errno("wait for the output of a program");
    if (ready == 0) break;
    if (waiting[0].revents != 0) read_some(output, answer);
    if (waiting[1].revents != 0 && input) write_some(input, text);
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
  const auto deadline = program.timeout ? Deadline{std::chrono::steady_clock::now() + *program.timeout} : std::nullopt;
  try {
    outcome.output =
        exchange({std::move(output.read_end), std::move(input.write_end)}, program.input, output_limit, deadline);
  } catch (...) {
    wait_for(child);  // the pipes are closed; the program must not run in parallel with what the caller does next
    throw;
  }
  outcome.has_timed_out = kill_at(deadline, child);
  outcome.exit_status = wait_for(child);
  if (outcome.output.size() > output_limit)
    throw system_error(EFBIG, "read the output of " + text::quoted(program.path) + ": more than " +
                                  std::to_string(output_limit) + " bytes");
  return outcome;
}

}  // namespace posix
