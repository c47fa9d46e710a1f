// The hardening of the executables: compiler and linker flags, capabilities, environment.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

class Executables : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/usr/bin/readelf")) GTEST_SKIP() << "NOT RUN: binutils is not installed";
  }
  std::string path() const { return executables() + "/" + GetParam(); }
  std::string readelf(const std::string& option) const { return run({.argv = {"readelf", option, path()}}).out; }
};

TEST_P(Executables, ArePositionIndependentAndNeedNoLoader) {
  EXPECT_NE(readelf("-hW").find("DYN (Position-Independent Executable file)"), std::string::npos);
  EXPECT_EQ(readelf("-lW").find("INTERP"), std::string::npos);
}

TEST_P(Executables, HaveReadOnlyRelocations) {
  const auto segments = readelf("-lW");
  EXPECT_NE(segments.find("GNU_RELRO"), std::string::npos) << segments;
  EXPECT_NE(readelf("-dW").find("BIND_NOW"), std::string::npos) << readelf("-dW");
}

TEST_P(Executables, HaveNoMemoryThatIsWritableAndExecutable) {
  std::istringstream segments{readelf("-lW")};
  bool has_stack = false;
  for (std::string line; std::getline(segments, line);) {
    EXPECT_EQ(line.find("RWE"), std::string::npos) << line;
    has_stack = has_stack || line.find("GNU_STACK") != std::string::npos;
  }
  EXPECT_TRUE(has_stack) << "without it the kernel makes the stack executable";
}

INSTANTIATE_TEST_SUITE_P(Of, Executables, testing::Values("veth", "veth-ipam", "loopback", "vethctl"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::erase(name, '-');
                           return name;
                         });

std::string archive_of(const std::string& name) { return VETH_BINARY_DIR "/" + name; }

std::size_t lines_with(const std::string& end, const std::string& text) {
  std::istringstream lines{text};
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);) count += line.ends_with(end) ? 1U : 0U;
  return count;
}

/// The number of object files in an archive that call the function.
std::size_t callers(const std::string& archive, const std::string& function) {
  return lines_with(" U " + function, run({.argv = {"nm", archive}}).out);
}

/// The object files of this project, since an executable contains Debian's libraries, too, compiled with other flags.
class ObjectFiles : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/usr/bin/nm")) GTEST_SKIP() << "NOT RUN: binutils is not installed";
    ASSERT_TRUE(std::filesystem::exists(path()));
  }
  std::string path() const { return archive_of(GetParam()); }
  std::size_t objects() const { return lines_with("", run({.argv = {"ar", "t", path()}}).out); }
};

/// Not all of them: an object file without a buffer on the stack needs no check.
TEST_P(ObjectFiles, HaveStackProtector) { EXPECT_GT(callers(path(), "__stack_chk_fail"), objects() / 2); }

TEST_P(ObjectFiles, HaveIntelCet) {
#ifndef __x86_64__
  GTEST_SKIP() << "NOT RUN: only x86-64 processors have CET";
#endif
  EXPECT_EQ(lines_with("x86 feature: IBT, SHSTK", run({.argv = {"readelf", "-nW", path()}}).out), objects());
}

/// Streams and std::filesystem would initialize the locales of the C++ library at the start of each call.
TEST_P(ObjectFiles, UseNoStreams) {
  const auto symbols = run({.argv = {"nm", "--demangle", path()}}).out;
  EXPECT_NE(symbols.find(" U std::"), std::string::npos);
  for (const char* name : {"std::filesystem::", "std::locale", "std::ios_base", "std::basic_ostream", "std::ostream"}) {
    EXPECT_EQ(symbols.find(std::string{" U "} + name), std::string::npos) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, ObjectFiles,
                         testing::Values("plugin/libposix.a", "plugin/libcni.a", "plugin/libstate.a",
                                         "plugin/libwiring.a", "plugin/libkernel.a", "plugin/libovs.a",
                                         "plugin/libattachment.a", "plugin/libverbs.a", "plugin/libchained.a",
                                         "plugin/libroles.a", "ipam/libipam.a"),
                         [](const auto& instance) {
                           const auto name = std::filesystem::path{instance.param}.stem().string();
                           return name.substr(name.find("lib") + 3);
                         });

/// Only a few object files call snprintf.
TEST(ObjectFilesWithSnprintf, UseFortifiedSnprintf) {
  if (!std::filesystem::exists("/usr/bin/nm")) GTEST_SKIP() << "NOT RUN: binutils is not installed";
  for (const char* archive : {"plugin/libcni.a", "plugin/libstate.a"}) {
    EXPECT_GT(callers(archive_of(archive), "__snprintf_chk"), 0U) << archive;
    EXPECT_EQ(callers(archive_of(archive), "snprintf"), 0U) << archive;
  }
}

class HardenedPlugin : public testing::Test {
 protected:
  /// The configuration with an IPAM delegate that writes its capabilities to a file.
  json with_delegate() const {
    constexpr auto delegate = "/run/test/reporter";
    std::ofstream{delegate} << "#!/bin/sh\ngrep -E 'CapEff|NoNewPrivs' /proc/self/status >/run/test/capabilities\n"
                               "echo '{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.9.9.9/24\"}]}'\n";
    std::filesystem::permissions(delegate, std::filesystem::perms::owner_all);
    json config = dual_stack();
    config["ipam"] = {{"type", "reporter"}};
    return config;
  }

  Call call_of(const std::string& verb, const json& config) const {
    return {.command = verb,
            .container = container.id,
            .netns = container.netns.path(),
            .config = config,
            .path = default_path() + ":/run/test"};
  }

  Container container{"a"};
};

TEST_F(HardenedPlugin, DropsCapabilitiesThatItDoesNotNeed) {
  if (!std::filesystem::exists("/usr/bin/strace")) GTEST_SKIP() << "NOT RUN: strace is not installed";
  for (const std::string verb : {"ADD", "DEL"}) {
    auto traced = call_of(verb, dual_stack());
    traced.wrapper = {"strace", "-o", "/run/test/trace", "-e", "trace=capset,prctl"};
    EXPECT_EQ(call(traced).exit, 0) << verb;
    const auto trace = read_text("/run/test/trace");
    EXPECT_NE(trace.find("permitted=1<<CAP_DAC_OVERRIDE|1<<CAP_DAC_READ_SEARCH|1<<CAP_NET_ADMIN|1<<CAP_SYS_PTRACE|"
                         "1<<CAP_SYS_ADMIN, inheritable=0}) = 0"),
              std::string::npos)
        << trace;
    EXPECT_NE(trace.find("prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)  = 0"), std::string::npos) << trace;
  }
}

TEST_F(HardenedPlugin, KeepsTheCapabilitiesOfADelegate) {
  const auto own = run({.argv = {"grep", "CapEff", "/proc/self/status"}}).out;
  const auto added = call(call_of("ADD", with_delegate()));
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(read_text("/run/test/capabilities"), own + "NoNewPrivs:\t0\n");
  EXPECT_EQ(call(call_of("DEL", with_delegate())).exit, 0);
}

TEST_F(HardenedPlugin, NeedsNoMoreThanTwoCapabilities) {
  if (!std::filesystem::exists("/usr/bin/setpriv")) GTEST_SKIP() << "NOT RUN: util-linux is not installed";
  const auto before = Snapshot::take();
  for (const std::string verb : {"ADD", "DEL"}) {
    auto limited = call_of(verb, dual_stack());
    limited.wrapper = {"setpriv", "--bounding-set=-all,+net_admin,+sys_admin"};
    const auto answer = call(limited);
    EXPECT_EQ(answer.exit, 0) << answer;
  }
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(HardenedPlugin, DropsCapabilitiesIfItLacksOthers) {
  if (!std::filesystem::exists("/usr/bin/strace")) GTEST_SKIP() << "NOT RUN: strace is not installed";
  auto limited = call_of("ADD", dual_stack());
  limited.wrapper = {
      "setpriv",     "--bounding-set=-all,+net_admin,+sys_admin,+sys_module", "strace", "-o", "/run/test/trace", "-e",
      "trace=capset"};
  const auto added = call(limited);
  EXPECT_EQ(added.exit, 0) << added;
  const auto trace = read_text("/run/test/trace");
  EXPECT_NE(trace.find("permitted=1<<CAP_NET_ADMIN|1<<CAP_SYS_ADMIN, inheritable=0}) = 0"), std::string::npos) << trace;
  EXPECT_EQ(call(call_of("DEL", dual_stack())).exit, 0);
}

/// A service manager may set such a limit. The kernel then sends SIGXFSZ, which ends a process by default.
TEST_F(HardenedPlugin, FailsWithAnErrorAtAFileSizeLimitOfZero) {
  const auto before = Snapshot::take();
  const auto limited = [&](const std::string& verb) {
    auto request = call_of(verb, dual_stack());
    request.wrapper = {"prlimit", "--fsize=0"};
    return call(request);
  };
  const auto refused = limited("ADD");
  EXPECT_EQ(refused.exit, 1) << refused;
  EXPECT_NE(refused.result.value("msg", "").find("File too large"), std::string::npos) << refused;
  EXPECT_TRUE(unchanged_since(before));
  ASSERT_EQ(add(container, dual_stack()).exit, 0);
  EXPECT_EQ(limited("DEL").exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// libnl and glibc read environment variables of their own.
TEST_F(HardenedPlugin, IgnoresEnvironmentVariablesOfItsLibraries) {
  auto request = call_of("ADD", dual_stack());
  request.wrapper = {"env",          "NLCB=debug", "NLDBG=9",    "LD_PRELOAD=/none.so",
                     "TMPDIR=/none", "HOME=/none", "LANG=de_DE", "CNI_LOG_FILE=/run/test/log"};
  const auto added = call(request);
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_EQ(added.err, "");
  EXPECT_FALSE(std::filesystem::exists("/run/test/log"));
  EXPECT_EQ(del(container, dual_stack()).exit, 0);
}

}  // namespace
