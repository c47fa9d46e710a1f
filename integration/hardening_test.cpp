// What keeps an error of the plugin, a container or a user from becoming the node's.
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
  std::string told_by_readelf(const std::string& option) const {
    return run({.argv = {"readelf", option, path()}}).out;
  }
};

TEST_P(Executables, ArePositionIndependentAndNeedNoLoader) {
  EXPECT_NE(told_by_readelf("-hW").find("DYN (Position-Independent Executable file)"), std::string::npos);
  EXPECT_EQ(told_by_readelf("-lW").find("INTERP"), std::string::npos);
}

TEST_P(Executables, HaveNothingToOverwriteOnceTheyRun) {
  const auto segments = told_by_readelf("-lW");
  EXPECT_NE(segments.find("GNU_RELRO"), std::string::npos) << segments;
  EXPECT_NE(told_by_readelf("-dW").find("BIND_NOW"), std::string::npos) << told_by_readelf("-dW");
}

TEST_P(Executables, HaveNoMemoryThatIsWrittenAndExecuted) {
  std::istringstream segments{told_by_readelf("-lW")};
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

/// How many objects of an archive call the function.
std::size_t callers(const std::string& archive, const std::string& function) {
  return lines_with(" U " + function, run({.argv = {"nm", archive}}).out);
}

/// Objects of ours alone: what Debian's libraries have been compiled with says nothing of it.
class Objects : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/usr/bin/nm")) GTEST_SKIP() << "NOT RUN: binutils is not installed";
    ASSERT_TRUE(std::filesystem::exists(path()));
  }
  std::string path() const { return archive_of(GetParam()); }
  std::size_t objects() const { return lines_with("", run({.argv = {"ar", "t", path()}}).out); }
};

/// One without a buffer on its stack has nothing to protect.
TEST_P(Objects, CheckTheirStack) { EXPECT_GT(callers(path(), "__stack_chk_fail"), objects() / 2); }

TEST_P(Objects, MarkWhereACallMayLead) {
  EXPECT_EQ(lines_with("x86 feature: IBT, SHSTK", run({.argv = {"readelf", "-nW", path()}}).out), objects());
}

INSTANTIATE_TEST_SUITE_P(Of, Objects,
                         testing::Values("plugin/libposix.a", "plugin/libcni.a", "plugin/libstate.a",
                                         "plugin/libwiring.a", "plugin/libkernel.a", "plugin/libattachment.a",
                                         "plugin/libverbs.a", "ipam/libipam.a"),
                         [](const auto& instance) {
                           const auto name = std::filesystem::path{instance.param}.stem().string();
                           return name.substr(name.find("lib") + 3);
                         });

/// Few functions of C that fill a buffer are called at all.
TEST(ObjectsOfAll, CheckTheBuffersThatCFills) {
  if (!std::filesystem::exists("/usr/bin/nm")) GTEST_SKIP() << "NOT RUN: binutils is not installed";
  for (const char* archive : {"plugin/libcni.a", "plugin/libstate.a"}) {
    EXPECT_GT(callers(archive_of(archive), "__snprintf_chk"), 0U) << archive;
    EXPECT_EQ(callers(archive_of(archive), "snprintf"), 0U) << archive;
  }
}

class Hardened : public testing::Test {
 protected:
  /// A delegate that tells what it may do.
  json with_delegate() const {
    constexpr auto delegate = "/run/test/teller";
    std::ofstream{delegate} << "#!/bin/sh\ngrep -E 'CapEff|NoNewPrivs' /proc/self/status >/run/test/told\n"
                               "echo '{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.9.9.9/24\"}]}'\n";
    std::filesystem::permissions(delegate, std::filesystem::perms::owner_all);
    json config = dual_stack();
    config["ipam"] = {{"type", "teller"}};
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

TEST_F(Hardened, KeepsNoRightsThatItDoesNotNeed) {
  if (!std::filesystem::exists("/usr/bin/strace")) GTEST_SKIP() << "NOT RUN: strace is not installed";
  for (const std::string verb : {"ADD", "DEL"}) {
    auto traced = call_of(verb, dual_stack());
    traced.under = {"strace", "-o", "/run/test/trace", "-e", "trace=capset,prctl"};
    EXPECT_EQ(call(traced).exit, 0) << verb;
    const auto trace = read_text("/run/test/trace");
    EXPECT_NE(trace.find("permitted=1<<CAP_DAC_OVERRIDE|1<<CAP_DAC_READ_SEARCH|1<<CAP_NET_ADMIN|1<<CAP_SYS_PTRACE|"
                         "1<<CAP_SYS_ADMIN, inheritable=0}) = 0"),
              std::string::npos)
        << trace;
    EXPECT_NE(trace.find("prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)  = 0"), std::string::npos) << trace;
  }
}

TEST_F(Hardened, LeavesItsRightsToADelegate) {
  const auto own = run({.argv = {"grep", "CapEff", "/proc/self/status"}}).out;
  const auto added = call(call_of("ADD", with_delegate()));
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(read_text("/run/test/told"), own + "NoNewPrivs:\t0\n");
  EXPECT_EQ(call(call_of("DEL", with_delegate())).exit, 0);
}

TEST_F(Hardened, NeedsNoMoreThanTwoCapabilities) {
  if (!std::filesystem::exists("/usr/bin/setpriv")) GTEST_SKIP() << "NOT RUN: util-linux is not installed";
  const auto before = Snapshot::take();
  for (const std::string verb : {"ADD", "DEL"}) {
    auto poor = call_of(verb, dual_stack());
    poor.under = {"setpriv", "--bounding-set=-all,+net_admin,+sys_admin"};
    const auto answer = call(poor);
    EXPECT_EQ(answer.exit, 0) << answer;
  }
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(Hardened, GivesUpWhatItDoesNotNeedWhereItHasNotAllThatItMayKeep) {
  if (!std::filesystem::exists("/usr/bin/strace")) GTEST_SKIP() << "NOT RUN: strace is not installed";
  auto poor = call_of("ADD", dual_stack());
  poor.under = {
      "setpriv",     "--bounding-set=-all,+net_admin,+sys_admin,+sys_module", "strace", "-o", "/run/test/trace", "-e",
      "trace=capset"};
  const auto added = call(poor);
  EXPECT_EQ(added.exit, 0) << added;
  const auto trace = read_text("/run/test/trace");
  EXPECT_NE(trace.find("permitted=1<<CAP_NET_ADMIN|1<<CAP_SYS_ADMIN, inheritable=0}) = 0"), std::string::npos) << trace;
  EXPECT_EQ(call(call_of("DEL", dual_stack())).exit, 0);
}

/// A limit that a service manager has set for its children.
TEST_F(Hardened, IsNotEndedWhereNoFileMayGrow) {
  const auto before = Snapshot::take();
  const auto limited = [&](const std::string& verb) {
    auto request = call_of(verb, dual_stack());
    request.under = {"prlimit", "--fsize=0"};
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

/// libnl, glibc and others read variables of their own.
TEST_F(Hardened, TakesNothingFromTheEnvironmentButItsOwnVariables) {
  auto steered = call_of("ADD", dual_stack());
  steered.under = {"env",          "NLCB=debug", "NLDBG=9",    "LD_PRELOAD=/none.so",
                   "TMPDIR=/none", "HOME=/none", "LANG=de_DE", "CNI_LOG_FILE=/run/test/log"};
  const auto added = call(steered);
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_EQ(added.err, "");
  EXPECT_FALSE(std::filesystem::exists("/run/test/log"));
  EXPECT_EQ(del(container, dual_stack()).exit, 0);
}

}  // namespace
