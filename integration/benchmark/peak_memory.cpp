#include "integration/benchmark/peak_memory.hpp"

#include "plugin/posix/file_descriptor.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

namespace benchmark {
namespace {

posix::FileDescriptor memory_file(const std::string& text) {
  posix::FileDescriptor file{::memfd_create("input", MFD_CLOEXEC)};
  if (!file) posix::throw_errno("create a file in memory");
  posix::write_all(file.get(), text);
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

/// Runs in the new process: only system calls.
[[noreturn]] void exec_traced(char* const* argv, char* const* environment, int input, int output) {
  ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::execve(argv[0], argv, environment);
  std::_Exit(EXIT_FAILURE);
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) posix::throw_errno("wait for a traced program");
  }
  return status;
}

void trace(int request, pid_t child, std::intptr_t data) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): ptrace takes a number there
  if (::ptrace(static_cast<__ptrace_request>(request), child, nullptr, reinterpret_cast<void*>(data)) < 0) {
    posix::throw_errno("trace a program");
  }
}

long read_peak(pid_t child) {
  constexpr std::size_t limit = 16384;
  const auto text = posix::find_content(AT_FDCWD, "/proc/" + std::to_string(child) + "/status", limit);
  const auto place = text ? text->find("VmHWM:") : std::string::npos;
  if (place == std::string::npos) throw posix::system_error(ENOENT, "read the peak memory of a program");
  return std::stol(text->substr(place + std::string{"VmHWM:"}.size()));
}

/// Continues the program until it exits and passes on its signals. Returns the peak.
long run_to_exit(pid_t child) {
  trace(PTRACE_SETOPTIONS, child, PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL);
  int signal = 0;
  for (;;) {
    trace(PTRACE_CONT, child, signal);
    const int status = wait_for(child);
    if (!WIFSTOPPED(status)) throw posix::system_error(ECHILD, "trace a program to its exit");
    if (status >> 8U == (SIGTRAP | (PTRACE_EVENT_EXIT << 8U))) break;
    signal = WSTOPSIG(status);
  }
  const long peak = read_peak(child);
  trace(PTRACE_CONT, child, 0);
  const int status = wait_for(child);
  if (status != 0) throw posix::system_error(ECHILD, "the traced program failed: status " + std::to_string(status));
  return peak;
}

}  // namespace

long measure_peak_memory(const Program& program) {
  const auto input = memory_file(program.input);
  const auto output = posix::open_file(AT_FDCWD, "/dev/null", O_WRONLY);
  const auto argv = pointers(program.argv);
  const auto environment = pointers(program.environment);
  const pid_t child = ::fork();
  if (child < 0) posix::throw_errno("fork");
  if (child == 0) exec_traced(argv.data(), environment.data(), input.get(), output.get());
  wait_for(child);  // it stops after execve
  return run_to_exit(child);
}

}  // namespace benchmark
