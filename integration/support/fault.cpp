// A program is traced from its first instruction on, and let go as soon as the fault has befallen it.
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
#include <optional>

namespace support {
namespace {

using posix::FileDescriptor;

FileDescriptor file_with(const std::string& text) {
  FileDescriptor file{::memfd_create("stream", MFD_CLOEXEC)};
  if (!file) posix::throw_errno("make a file in memory");
  posix::write_all(file.get(), text);
  if (::lseek(file.get(), 0, SEEK_SET) < 0) posix::throw_errno("rewind a file in memory");
  return file;
}

std::string read_all(const FileDescriptor& file) {
  constexpr std::size_t limit = 1 << 20;
  constexpr std::chrono::seconds patience{60};
  return posix::read_to_end(file.get(), limit, patience);
}

std::string text_of(const FileDescriptor& file) {
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
  explicit Streams(const std::string& text) : input(file_with(text)) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) posix::throw_errno("create a pipe");
    error = FileDescriptor{ends[0]};
    end_of_error = FileDescriptor{ends[1]};
  }

  FileDescriptor input;
  FileDescriptor output = file_with("");
  FileDescriptor error;
  FileDescriptor end_of_error;
};

/// Its patience goes along as an alarm, which execve keeps.
[[noreturn]] void become(const Streams& streams, unsigned patience, char* const* arguments, char* const* environment) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_DFL);
  ::dup2(streams.input.get(), STDIN_FILENO);
  ::dup2(streams.output.get(), STDOUT_FILENO);
  ::dup2(streams.end_of_error.get(), STDERR_FILENO);
  ::alarm(patience);
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) ::execve(arguments[0], arguments, environment);
  ::_exit(1);
}

pid_t start(const Call& call, Streams& streams) {
  std::vector<std::string> arguments{executables() + '/' + call.plugin};
  auto environment = environment_of(call);
  const auto argument_pointers = pointers(arguments);
  const auto environment_pointers = pointers(environment);
  const auto patience = static_cast<unsigned>(call.patience.count());
  const pid_t child = ::fork();
  if (child < 0) posix::throw_errno("fork");
  if (child == 0) become(streams, patience, argument_pointers.data(), environment_pointers.data());
  streams.end_of_error.close();
  return child;
}

/// Which of its arguments is a path.
std::optional<std::size_t> place_of_path(long number) {
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

std::string object_of(const SystemCall& call, const Tracee& program) {
  if (const auto place = place_of_path(call.number)) return program.text_at(call.arguments.at(*place));
  return "file " + std::to_string(call.arguments[0]);
}

/// The first thing that main does is to look at its standard streams.
bool begins_main(const SystemCall& call) {
#ifdef __x86_64__
  return call.number == SYS_poll;
#else
  return call.number == SYS_ppoll;
#endif
}

/// One program and what befalls it.
class Strike {
 public:
  Strike(Tracee& program, const Fault& fault, Struck& struck) : program_(program), fault_(fault), struck_(struck) {}

  void run() {
    std::size_t count = 0;
    while (const auto call = program_.next()) {
      struck_.had_begun = struck_.had_begun || begins_main(*call);
      const bool is_here =
          fault_.kind == Fault::Kind::refusal ? change_message(*call, count) : ++count == fault_.number;
      if (is_here && can_befall(*call)) return befall(*call);
    }
  }

 private:
  /// exit_group cannot fail.
  bool can_befall(const SystemCall& call) const { return fault_.error == 0 || call.number != SYS_exit_group; }

  void befall(const SystemCall& call) {
    struck_.was_reached = true;
    if (fault_.kind == Fault::Kind::refusal) return;
    struck_.system_call = call.number;
    if (fault_.kind == Fault::Kind::event) return fault_.befall();
    if (fault_.kind == Fault::Kind::kill) return program_.kill();
    refuse(call);
    if (fault_.kind == Fault::Kind::error) return;
    while (const auto later = program_.next()) {
      if (later->number == call.number) refuse(*later);
    }
  }

  void refuse(const SystemCall& call) {
    struck_.of.push_back(object_of(call, program_));
    program_.refuse(call, fault_.error);
  }

  /// Counts the messages that are sent; true where the one that is meant was among them.
  bool change_message(const SystemCall& call, std::size_t& count) {
    if (call.number != SYS_sendmsg) return false;
    const auto protocol = netlink_protocol(call.arguments[0]);
    if (!protocol) return false;
    const auto parts = parts_of(call.arguments[1]);
    const auto before = count;
    count += parts.size();
    if (count < fault_.number) return false;
    change_type(parts.at(fault_.number - before - 1), *protocol);
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

  /// One for each message: see plugin/kernel/netlink_socket.cpp.
  std::vector<iovec> parts_of(std::uint64_t address) const {
    msghdr header{};
    program_.read(address, &header, sizeof header);
    std::vector<iovec> parts(header.msg_iovlen);
    program_.read(reinterpret_cast<std::uint64_t>(header.msg_iov), parts.data(), parts.size() * sizeof(iovec));
    return parts;
  }

  /// rtnetlink answers a type beyond its last one with EOPNOTSUPP, nftables one that it does not have with EINVAL, and
  /// does nothing of the batch then.
  void change_type(const iovec& part, int protocol) {
    constexpr std::uint16_t unknown_to_rtnetlink = 0x7fff;
    constexpr std::uint16_t unknown_to_nftables = NFNL_SUBSYS_NFTABLES << 8 | 0xff;
    const auto address = reinterpret_cast<std::uint64_t>(part.iov_base);
    nlmsghdr header{};
    program_.read(address, &header, sizeof header);
    struck_.system_call = header.nlmsg_type;
    struck_.of.push_back("netlink protocol " + std::to_string(protocol));
    header.nlmsg_type = protocol == NETLINK_ROUTE ? unknown_to_rtnetlink : unknown_to_nftables;
    program_.write(address, &header, sizeof header);
  }

  Tracee& program_;
  const Fault& fault_;
  Struck& struck_;
};

}  // namespace

Struck call_with(const Fault& fault, const Call& call) {
  Streams streams{call.input.value_or(call.config.dump())};
  Tracee program{start(call, streams)};
  Struck struck;
  Strike{program, fault, struck}.run();
  const int exit = program.finish();
  auto error = read_all(streams.error);
  const auto output = text_of(streams.output);
  auto result = json::parse(output, nullptr, false);
  struck.answer = {exit, result.is_discarded() ? json{} : std::move(result), output, std::move(error)};
  return struck;
}

}  // namespace support
