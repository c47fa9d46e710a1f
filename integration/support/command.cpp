#include "integration/support/command.hpp"

#include "integration/support/namespace.hpp"
#include "integration/support/slowness.hpp"
#include "plugin/posix/file_descriptor.hpp"
#include "plugin/posix/system_error.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

namespace support {
namespace {

using Clock = std::chrono::steady_clock;
using posix::FileDescriptor;

constexpr int not_found = 127;  // as in a shell
constexpr int signal_base = 128;

struct Pipe {
  FileDescriptor read_end;
  FileDescriptor write_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) posix::throw_errno("create a pipe");
  return {FileDescriptor{ends[0]}, FileDescriptor{ends[1]}};
}

struct Pipes {
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  Pipe error = make_pipe();
};

std::string_view variable_name(std::string_view variable) { return variable.substr(0, variable.find('=')); }

std::vector<std::string> merged_environment(const Command& command) {
  const auto& given = command.environment;
  std::vector<std::string> merged = given;
  if (command.clean_environment) return merged;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const auto same_name = [&](const auto& other) { return variable_name(other) == variable_name(*variable); };
    if (std::none_of(given.begin(), given.end(), same_name)) merged.emplace_back(*variable);
  }
  return merged;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (const auto& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

// Between fork and exec in a process with threads only system calls are safe; memory must not be allocated.
[[noreturn]] void exec_program(const Pipes& pipes, int network, char* const* arguments, char* const* environment) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0);
  ::signal(SIGPIPE, SIG_DFL);
  ::dup2(pipes.input.read_end.get(), STDIN_FILENO);
  ::dup2(pipes.output.write_end.get(), STDOUT_FILENO);
  ::dup2(pipes.error.write_end.get(), STDERR_FILENO);
  if (network < 0 || ::setns(network, CLONE_NEWNET) == 0) ::execvpe(arguments[0], arguments, environment);
  ::_exit(not_found);
}

pid_t start(const Command& command, const Pipes& pipes) {
  const auto variables = merged_environment(command);
  const auto arguments = pointers(command.argv);
  const auto environment = pointers(variables);
  const int network = command.inside != nullptr ? command.inside->file() : -1;
  const pid_t child = ::fork();
  if (child < 0) posix::throw_errno("fork");
  if (child == 0) exec_program(pipes, network, arguments.data(), environment.data());
  return child;
}

void feed(FileDescriptor& pipe, std::string_view& rest) {
  const ssize_t count = ::write(pipe.get(), rest.data(), rest.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0) return pipe.close();  // the program has closed its standard input
  rest.remove_prefix(static_cast<std::size_t>(count));
  if (rest.empty()) pipe.close();
}

void drain(FileDescriptor& pipe, std::string& text) {
  std::array<char, 65536> buffer;
  const ssize_t count = ::read(pipe.get(), buffer.data(), buffer.size());
  if (count < 0 && errno == EINTR) return;
  if (count <= 0) return pipe.close();
  text.append(buffer.data(), static_cast<std::size_t>(count));
}

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::max(left.count(), std::chrono::milliseconds::rep{0}));
}

/// Returns false if the deadline passed before the program had closed both its outputs.
bool exchange_data(Pipes& pipes, std::string_view input, Outcome& outcome, Clock::time_point deadline) {
  if (input.empty()) pipes.input.write_end.close();
  while (pipes.output.read_end || pipes.error.read_end) {
    std::array<pollfd, 3> waiting{pollfd{pipes.output.read_end.get(), POLLIN, 0},
                                  pollfd{pipes.error.read_end.get(), POLLIN, 0},
                                  pollfd{pipes.input.write_end.get(), POLLOUT, 0}};
    if (::poll(waiting.data(), waiting.size(), milliseconds_until(deadline)) == 0) return false;
    if (waiting[0].revents != 0) drain(pipes.output.read_end, outcome.out);
    if (waiting[1].revents != 0) drain(pipes.error.read_end, outcome.err);
    if (waiting[2].revents != 0) feed(pipes.input.write_end, input);
  }
  return true;
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) posix::throw_errno("wait for a program");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : signal_base + WTERMSIG(status);
}

}  // namespace

Outcome run(const Command& command) {
  const auto deadline = Clock::now() + command.timeout * slowness();
  Pipes pipes;
  const pid_t child = start(command, pipes);
  pipes.input.read_end.close();
  pipes.output.write_end.close();
  pipes.error.write_end.close();
  if (::fcntl(pipes.input.write_end.get(), F_SETFL, O_NONBLOCK) < 0) posix::throw_errno("set a pipe non-blocking");
  Outcome outcome;
  if (!exchange_data(pipes, command.input, outcome, deadline)) {
    ::kill(-child, SIGKILL);
    outcome.err += "\nkilled after " + std::to_string(command.timeout.count() * slowness()) + " s";
  }
  outcome.exit = wait_for(child);
  return outcome;
}

}  // namespace support
