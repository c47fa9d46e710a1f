#include "integration/benchmark/timed_program.hpp"

#include "plugin/posix/file_descriptor.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>

namespace benchmark {
namespace {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC
using Milliseconds = std::chrono::duration<double, std::milli>;

struct Pipe {
  posix::FileDescriptor read_end;
  posix::FileDescriptor write_end;
};

constexpr std::size_t default_pipe_size = 64U << 10U;

Pipe make_pipe(std::size_t size = default_pipe_size) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) posix::throw_errno("create a pipe");
  if (size > default_pipe_size && ::fcntl(ends[0], F_SETPIPE_SZ, size) < 0) posix::throw_errno("enlarge a pipe");
  return {posix::FileDescriptor{ends[0]}, posix::FileDescriptor{ends[1]}};
}

/// The standard streams of a program, as pipes, and the file actions of posix_spawn.
class ProgramPipes {
 public:
  explicit ProgramPipes(const std::string& text)
      : input_(make_pipe(text.size())), output_(make_pipe()), error_output_(make_pipe()) {
    posix::write_all(input_.write_end.get(), text);
    input_.write_end.close();
    if (const int error = ::posix_spawn_file_actions_init(&actions_))
      throw posix::system_error(error, "prepare posix_spawn");
    ::posix_spawn_file_actions_adddup2(&actions_, input_.read_end.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output_.write_end.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, error_output_.write_end.get(), STDERR_FILENO);
  }
  ProgramPipes(const ProgramPipes&) = delete;
  ProgramPipes& operator=(const ProgramPipes&) = delete;
  ~ProgramPipes() { ::posix_spawn_file_actions_destroy(&actions_); }

  const posix_spawn_file_actions_t& actions() const { return actions_; }
  std::string output() { return drain(output_); }
  std::string error_output() { return drain(error_output_); }

 private:
  static std::string drain(Pipe& pipe) {
    constexpr std::size_t limit = 1 << 20;
    pipe.write_end.close();
    return posix::read_to_end(pipe.read_end.get(), limit, std::chrono::seconds{10});
  }

  Pipe input_;
  Pipe output_;
  Pipe error_output_;
  posix_spawn_file_actions_t actions_{};
};

double milliseconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
}

}  // namespace

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

Timing run_timed(const Program& program) {
  ProgramPipes pipes{program.input};
  const auto argv = pointers(program.argv);
  const auto environment = pointers(program.environment);
  pid_t child = 0;
  int status = 0;
  rusage usage{};
  const auto start = Clock::now();
  const int error = ::posix_spawn(&child, argv[0], &pipes.actions(), nullptr, argv.data(), environment.data());
  if (error != 0) throw posix::system_error(error, "run " + text::quoted(program.argv[0]));
  while (::wait4(child, &status, 0, &usage) < 0) {
    if (errno != EINTR) posix::throw_errno("wait for " + text::quoted(program.argv[0]));
  }
  const Milliseconds elapsed = Clock::now() - start;
  Timing timing{.milliseconds = elapsed.count(),
                .cpu_milliseconds = milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime),
                .page_faults = usage.ru_minflt + usage.ru_majflt,
                .output = pipes.output(),
                .error_output = pipes.error_output()};
  if (status == 0 || program.may_fail) return timing;
  throw std::runtime_error(program.argv[0] + " failed: " + timing.output + timing.error_output);
}

}  // namespace benchmark
