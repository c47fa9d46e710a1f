#include "plugin/posix/program.hpp"

#include "test/support/error_text.hpp"
#include "test/support/temporary_directory.hpp"

#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <fstream>

#include <gtest/gtest.h>

namespace {

constexpr std::size_t limit = std::size_t{4} << 20U;

/// The program is a shell script that the test writes.
class Program : public testing::Test {
 protected:
  Program() { std::signal(SIGPIPE, SIG_IGN); }  // as main does

  std::string path() const { return directory.path() + "/program"; }
  posix::Program script(const std::string& text, std::string input = {}) const {
    std::ofstream{path()} << "#!/bin/sh\n" << text << '\n';
    ::chmod(path().c_str(), 0755);
    return {.path = path(), .environment = {"PATH=/usr/bin:/bin"}, .input = std::move(input)};
  }

  test::TemporaryDirectory directory;
};

TEST_F(Program, ReturnsItsOutput) {
  const auto outcome = posix::run(script("echo some text"), limit);
  EXPECT_EQ(outcome.output, "some text\n");
  EXPECT_EQ(outcome.exit_status, 0);
}

TEST_F(Program, ReturnsItsExitStatus) { EXPECT_EQ(posix::run(script("exit 7"), limit).exit_status, 7); }

TEST_F(Program, ReturnsTheSignalThatEndedItLikeAShell) {
  EXPECT_EQ(posix::run(script("kill -KILL $$"), limit).exit_status, 128 + SIGKILL);
}

TEST_F(Program, HasOnlyTheGivenEnvironment) {
  auto program = script("env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=");
  program.environment = {"PATH=/usr/bin:/bin", "CNI_COMMAND=ADD"};
  EXPECT_EQ(posix::run(program, limit).output, "PATH=/usr/bin:/bin\nCNI_COMMAND=ADD\n");
}

TEST_F(Program, GetsItsArguments) {
  auto program = script("echo $# \"$1\" \"$2\"");
  program.arguments = {"two words", "$x"};
  EXPECT_EQ(posix::run(program, limit).output, "2 two words $x\n");
}

TEST_F(Program, IsKilledAfterItsTimeout) {
  for (const char* text : {"echo begun; exec sleep 60", "exec sleep 60 >/dev/null"}) {
    auto program = script(text);
    program.timeout = std::chrono::milliseconds{200};
    const auto start = std::chrono::steady_clock::now();
    const auto outcome = posix::run(program, limit);
    EXPECT_TRUE(outcome.has_timed_out) << text;
    EXPECT_EQ(outcome.exit_status, 128 + SIGKILL) << text;
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{30});
  }
}

TEST_F(Program, IsNotKilledBeforeItsTimeout) {
  auto program = script("echo text");
  program.timeout = std::chrono::seconds{30};
  const auto outcome = posix::run(program, limit);
  EXPECT_FALSE(outcome.has_timed_out);
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_EQ(outcome.output, "text\n");
}

TEST_F(Program, ReadsItsInput) {
  EXPECT_EQ(posix::run(script("cat", "some\ninput"), limit).output, "some\ninput");
  EXPECT_EQ(posix::run(script("cat"), limit).output, "");
}

TEST_F(Program, ReadsAndWritesMoreThanAPipeHolds) {
  const std::string much(1'000'000, 'x');
  EXPECT_TRUE(posix::run(script("cat", much), limit).output == much);
}

TEST_F(Program, NeedNotReadItsInput) {
  const auto outcome = posix::run(script("exec <&-; echo done", std::string(1'000'000, 'x')), limit);
  EXPECT_EQ(outcome.output, "done\n");
}

TEST_F(Program, HasItsSignalsAtTheirDefaults) {
  EXPECT_EQ(posix::run(script("kill -PIPE $$; echo survived"), limit).exit_status, 128 + SIGPIPE);
}

TEST_F(Program, MustNotPrintMoreThanTheLimit) {
  EXPECT_EQ(posix::run(script("printf 12345"), 5).output, "12345");
  EXPECT_EQ(test::error_text([&] { posix::run(script("printf 123456"), 5); }),
            "read the output of \"" + path() + "\": more than 5 bytes: File too large");
}

TEST_F(Program, RunsToItsEndIfItPrintsTooMuch) {
  const std::string mark = directory.path() + "/mark";
  EXPECT_NE(test::error_text([&] { posix::run(script("head -c 1000000 /dev/zero && touch " + mark), 5); }), "");
  EXPECT_TRUE(std::ifstream{mark}.good());
}

TEST_F(Program, IsNamedInTheErrorIfItIsMissing) {
  EXPECT_EQ(test::error_text([] { posix::run({.path = "/nonexistent/\"p\"", .environment = {}, .input = {}}, limit); }),
            R"(run "/nonexistent/\"p\"": No such file or directory)");
}

TEST_F(Program, IsNamedInTheErrorIfItIsNotExecutable) {
  const auto program = script("exit 0");
  ::chmod(path().c_str(), 0644);
  EXPECT_EQ(test::error_text([&] { posix::run(program, limit); }), "run \"" + path() + "\": Permission denied");
}

}  // namespace
