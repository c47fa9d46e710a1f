// A program is traced from its first instruction on, until the fault has been injected.
#include "integration/support/fault.hpp"

#include "integration/support/tracee.hpp"
#include "plugin/posix/file_descriptor.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"

#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <optional>

namespace support {
namespace {

using posix::FileDescriptor;

FileDescriptor memory_file(const std::string& text) {
  FileDescriptor file{::memfd_create("stream", MFD_CLOEXEC)};
  if (!file) posix::throw_errno("create a file in memory");
  posix::write_all(file.get(), text);
  if (::lseek(file.get(), 0, SEEK_SET) < 0) posix::throw_errno("rewind a file in memory");
  return file;
}

std::string read_all(const FileDescriptor& file) {
  constexpr std::size_t limit = 1 << 20;
  constexpr std::chrono::seconds timeout{60};
  return posix::read_to_end(file.get(), limit, timeout);
}

std::string content_of(const FileDescriptor& file) {
  if (::lseek(file.get(), 0, SEEK_SET) < 0) posix::throw_errno("rewind a file in memory");
  return read_all(file);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

struct Streams {
  explicit Streams(const std::string& text) : input(memory_file(text)) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) posix::throw_errno("create a pipe");
    error = FileDescriptor{ends[0]};
    end_of_error = FileDescriptor{ends[1]};
  }

  FileDescriptor input;
  FileDescriptor output = memory_file("");
  FileDescriptor error;
  FileDescriptor end_of_error;
};

/// The timeout is an alarm, which execve keeps.
[[noreturn]] void exec_traced(const Streams& streams, unsigned timeout, char* const* arguments,
                              char* const* environment) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_DFL);
  ::dup2(streams.input.get(), STDIN_FILENO);
  ::dup2(streams.output.get(), STDOUT_FILENO);
  ::dup2(streams.end_of_error.get(), STDERR_FILENO);
  ::alarm(timeout);
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) ::execve(arguments[0], arguments, environment);
  ::_exit(1);
}

pid_t start(const Call& call, Streams& streams) {
  std::vector<std::string> arguments{std::filesystem::path{executables()} / call.plugin};
  auto environment = environment_of(call);
  const auto argument_pointers = pointers(arguments);
  const auto environment_pointers = pointers(environment);
  const auto timeout = static_cast<unsigned>(call.timeout.count());
  const pid_t child = ::fork();
  if (child < 0) posix::throw_errno("fork");
  if (child == 0) exec_traced(streams, timeout, argument_pointers.data(), environment_pointers.data());
  streams.end_of_error.close();
  return child;
}

/// The index of the argument that is a path.
std::optional<std::size_t> path_argument(long number) {
  switch (number) {
    case SYS_openat:
    case SYS_openat2:
    case SYS_mkdirat:
    case SYS_unlinkat:
    case SYS_readlinkat:
    case SYS_newfstatat:
      return 1;
    case SYS_symlinkat:
      return 2;
    case SYS_renameat:
    case SYS_renameat2:
      return 3;
#ifdef __x86_64__
    case SYS_mkdir:
      return 0;
#endif
    default:
      return std::nullopt;
  }
}

std::string target_of(const SystemCall& call, const Tracee& program) {
  if (const auto index = path_argument(call.number)) return program.read_string(call.arguments.at(*index));
  return "file " + std::to_string(call.arguments[0]);
}

/// main begins with a poll of the standard streams.
bool is_first_call_of_main(const SystemCall& call) {
#ifdef __x86_64__
  return call.number == SYS_poll;
#else
  return call.number == SYS_ppoll;
#endif
}

/// Runs a program until a fault has been injected into it.
class Injector {
 public:
  Injector(Tracee& program, const Fault& fault, FaultOutcome& outcome)
      : program_(program), fault_(fault), outcome_(outcome) {}

  void run() {
    std::size_t count = 0;
    while (const auto call = program_.next_system_call()) {
      outcome_.main_started = outcome_.main_started || is_first_call_of_main(*call);
      const bool is_here =
          fault_.kind == Fault::Kind::refusal ? corrupt_message(*call, count) : ++count == fault_.number;
      if (is_here && can_inject(*call)) return inject(*call);
    }
  }

 private:
  /// exit_group cannot fail.
  bool can_inject(const SystemCall& call) const { return fault_.error == 0 || call.number != SYS_exit_group; }

  void inject(const SystemCall& call) {
    outcome_.was_reached = true;
    outcome_.was_in_helper = program_.is_in_helper();
    if (fault_.kind == Fault::Kind::refusal) return;
    outcome_.system_call = call.number;
    if (fault_.kind == Fault::Kind::callback) return fault_.callback();
    if (fault_.kind == Fault::Kind::kill) return program_.kill();
    fail_call(call);
    if (fault_.kind == Fault::Kind::error) return;
    while (const auto later = program_.next_system_call()) {
      if (later->number == call.number) fail_call(*later);
    }
  }

  void fail_call(const SystemCall& call) {
    outcome_.targets.push_back(target_of(call, program_));
    program_.fail_call(call, fault_.error);
  }

  /// Counts the messages that are sent. Returns true if the wanted one was among them.
  bool corrupt_message(const SystemCall& call, std::size_t& count) {
    if (call.number != SYS_sendmsg) return false;
    const auto protocol = netlink_protocol(call.arguments[0]);
    if (!protocol) return false;
    const auto parts = message_parts(call.arguments[1]);
    const auto before = count;
    count += parts.size();
    if (count < fault_.number) return false;
    set_unknown_type(parts.at(fault_.number - before - 1), *protocol);
    return true;
  }

  std::optional<int> netlink_protocol(std::uint64_t number) const {
    const FileDescriptor process{static_cast<int>(::syscall(SYS_pidfd_open, program_.id(), 0))};
    if (!process) posix::throw_errno("open a process");
    const FileDescriptor socket{static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), number, 0))};
    if (!socket) posix::throw_errno("get a socket of a program");
    int domain = 0;
    int protocol = 0;
    socklen_t size = sizeof domain;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &domain, &size);
    ::getsockopt(socket.get(), SOL_SOCKET, SO_PROTOCOL, &protocol, &size);
    return domain == AF_NETLINK ? std::optional{protocol} : std::nullopt;
  }

  /// There is one part for each message: see plugin/kernel/netlink_socket.cpp.
  std::vector<iovec> message_parts(std::uint64_t address) const {
    msghdr header{};
    program_.read(address, &header, sizeof header);
    std::vector<iovec> parts(header.msg_iovlen);
    program_.read(reinterpret_cast<std::uint64_t>(header.msg_iov), parts.data(), parts.size() * sizeof(iovec));
    return parts;
  }

  /// For an unknown type rtnetlink returns EOPNOTSUPP. nftables returns EINVAL and rejects the whole batch.
  void set_unknown_type(const iovec& part, int protocol) {
    constexpr std::uint16_t unknown_to_rtnetlink = 0x7fff;
    constexpr std::uint16_t unknown_to_nftables = NFNL_SUBSYS_NFTABLES << 8 | 0xff;
    const auto address = reinterpret_cast<std::uint64_t>(part.iov_base);
    nlmsghdr header{};
    program_.read(address, &header, sizeof header);
    outcome_.system_call = header.nlmsg_type;
    outcome_.targets.push_back("netlink protocol " + std::to_string(protocol));
    header.nlmsg_type = protocol == NETLINK_ROUTE ? unknown_to_rtnetlink : unknown_to_nftables;
    program_.write(address, &header, sizeof header);
  }

  Tracee& program_;
  const Fault& fault_;
  FaultOutcome& outcome_;
};

}  // namespace

FaultOutcome call_with_fault(const Fault& fault, const Call& call) {
  Streams streams{input_of(call)};
  Tracee program{start(call, streams)};
  FaultOutcome outcome;
  Injector{program, fault, outcome}.run();
  const int exit = program.detach_and_wait();
  auto error = read_all(streams.error);
  const auto output = content_of(streams.output);
  auto result = json::parse(output, nullptr, false);
  outcome.answer = {exit, result.is_discarded() ? json{} : std::move(result), output, std::move(error)};
  return outcome;
}

}  // namespace support
