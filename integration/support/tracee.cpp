#include "integration/support/tracee.hpp"

#include "plugin/posix/system_error.hpp"

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>

namespace support {
namespace {

constexpr int of_a_system_call = SIGTRAP | 0x80;

void ask(int request, pid_t child, long data) {
  if (::ptrace(static_cast<__ptrace_request>(request), child, nullptr, data) < 0) posix::throw_errno("trace a program");
}

/// nullopt at the end of one.
std::optional<SystemCall> call_that_begins(pid_t child) {
  __ptrace_syscall_info info{};
  if (::ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info) < 0) posix::throw_errno("read a system call");
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return std::nullopt;
  SystemCall call{.number = static_cast<long>(info.entry.nr)};
  std::copy(std::begin(info.entry.args), std::end(info.entry.args), call.arguments.begin());
  return call;
}

iovec place_in_tracee(std::uint64_t address, std::size_t size) {
  return {reinterpret_cast<void*>(address), size};  // NOLINT(performance-no-int-to-ptr): another process's
}

}  // namespace

Tracee::Tracee(pid_t child) : child_(child) {
  wait();
  if (!has_ended()) ask(PTRACE_SETOPTIONS, child_, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
}

std::optional<SystemCall> Tracee::next() {
  while (step()) {
    if (const auto call = call_that_begins(child_)) return call;
  }
  return std::nullopt;
}

void Tracee::kill() {
  ::kill(child_, SIGKILL);
  wait();
}

int Tracee::finish() {
  if (!has_ended()) {
    ask(PTRACE_DETACH, child_, 0);
    wait();
  }
  constexpr int base = 128;
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : base + WTERMSIG(status_);
}

void Tracee::read(std::uint64_t address, void* bytes, std::size_t size) const {
  const iovec here{bytes, size};
  const auto there = place_in_tracee(address, size);
  if (::process_vm_readv(child_, &here, 1, &there, 1, 0) != static_cast<ssize_t>(size))
    posix::throw_errno("read a program's memory");
}

void Tracee::write(std::uint64_t address, const void* bytes, std::size_t size) const {
  const iovec here{const_cast<void*>(bytes), size};
  const auto there = place_in_tracee(address, size);
  if (::process_vm_writev(child_, &here, 1, &there, 1, 0) != static_cast<ssize_t>(size))
    posix::throw_errno("write a program's memory");
}

std::string Tracee::text_at(std::uint64_t address) const {
  std::string text;
  for (char letter = ' '; address != 0; ++address) {
    read(address, &letter, 1);
    if (letter == '\0') break;
    text += letter;
  }
  return text;
}

void Tracee::wait() {
  while (::waitpid(child_, &status_, 0) < 0) {
    if (errno != EINTR) posix::throw_errno("wait for a program");
  }
}

bool Tracee::has_ended() const { return !WIFSTOPPED(status_); }

/// To the beginning or the end of its next system call. A signal that comes between is passed on.
bool Tracee::step() {
  int signal = 0;
  do {
    if (has_ended()) return false;
    ask(PTRACE_SYSCALL, child_, signal);
    wait();
    signal = WIFSTOPPED(status_) ? WSTOPSIG(status_) : 0;
  } while (signal != of_a_system_call);
  return true;
}

#ifdef __x86_64__
namespace {

user_regs_struct registers(pid_t child) {
  user_regs_struct all{};
  if (::ptrace(PTRACE_GETREGS, child, nullptr, &all) < 0) posix::throw_errno("read a program's registers");
  return all;
}

void set_registers(pid_t child, const user_regs_struct& all) {
  if (::ptrace(PTRACE_SETREGS, child, nullptr, &all) < 0) posix::throw_errno("write a program's registers");
}

}  // namespace

void Tracee::refuse(const SystemCall& call, int error) {
  if (call.number == SYS_brk) return refuse_memory();
  if (call.number != SYS_close) skip();
  if (step()) answer_with(error);
}

/// No system call has the number -1, so nothing is done but to come back.
void Tracee::skip() {
  auto skipped = registers(child_);
  skipped.orig_rax = static_cast<decltype(skipped.orig_rax)>(-1);
  set_registers(child_, skipped);
}

void Tracee::answer_with(int error) {
  auto refused = registers(child_);
  refused.rax = static_cast<decltype(refused.rax)>(-error);
  set_registers(child_, refused);
}

/// It knows no errors: where there is no memory it answers with the end that the memory had before, as it does when it
/// is asked for 0.
void Tracee::refuse_memory() {
  const auto wanted = registers(child_);
  auto asked = wanted;
  asked.rdi = 0;
  set_registers(child_, asked);
  if (!step()) return;
  auto answered = registers(child_);
  answered.rdi = wanted.rdi;
  set_registers(child_, answered);
}
#else
void Tracee::refuse(const SystemCall&, int) {
  throw posix::system_error(ENOSYS, "refuse a system call: the registers are known for x86-64 alone");
}
#endif

}  // namespace support
