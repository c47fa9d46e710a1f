#include "plugin/cni/log_config.hpp"

#include "test/cni/failure.hpp"

#include <gtest/gtest.h>

namespace cni {
namespace {

std::optional<LogConfig> log_of(const std::string& log) {
  const JsonDocument document(R"({"log":)" + log + '}', "the network configuration");
  JsonObject network = document.root().as_object();
  return read_log(network);
}

TEST(ReadLog, ReadsFileLevelAndFormat) {
  EXPECT_EQ(log_of(R"({"file":"/var/log/veth-cni/calls.log"})"), (LogConfig{.file = "/var/log/veth-cni/calls.log"}));
  EXPECT_EQ(log_of(R"({"File":"/run/veth-cni/a-1_b.log","LEVEL":"debug","format":"json"})"),
            (LogConfig{.file = "/run/veth-cni/a-1_b.log", .level = LogLevel::debug}));
  EXPECT_EQ(log_of(R"({"file":"/run/veth-cni/a.log","level":"error"})")->level, LogLevel::error);
}

TEST(ReadLog, IsAbsentIfNoLogIsConfigured) {
  for (const char* log : {"null", "{}", R"({"file":"","level":null})"}) EXPECT_EQ(log_of(log), std::nullopt) << log;
}

TEST(ReadLog, RejectsFilesInOtherFolders) {
  for (const char* path : {"/var/log/veth-cni.log", "/var/log/veth-cni/.log", "/var/log/veth-cni/x",
                           "/var/log/veth-cni/a/b.log", "/var/log/veth-cni/../syslog.log", "/run/veth-cni/.x.log",
                           "/run/veth-cni//a.log", "/etc/a.log", "a.log", "/run/veth-cni/a b.log"}) {
    expect_failure([&] { log_of(R"({"file":")" + std::string{path} + R"("})"); }, ErrorCode::invalid_config,
                   "/log/file: must be a file directly in /var/log/veth-cni or /run/veth-cni whose name consists of "
                   "letters, digits, '_', '-' and '.', does not begin with '.' and ends in \".log\", not \"" +
                       std::string{path} + '"');
  }
}

TEST(ReadLog, RejectsInvalidObjects) {
  struct Case {
    const char* log;
    ErrorCode code;
    const char* message;
  };
  for (const auto& [log, code, message] :
       {Case{"7", ErrorCode::decoding_failure, "/log: must be an object, not 7"},
        Case{R"({"file":7})", ErrorCode::decoding_failure, "/log/file: must be a string, not 7"},
        Case{R"({"level":"warn"})", ErrorCode::invalid_config,
             R"(/log/level: must be "error", "info" or "debug", not "warn")"},
        Case{R"({"format":"text"})", ErrorCode::invalid_config, R"(/log/format: must be "json", not "text")"},
        Case{R"({"level":"info"})", ErrorCode::invalid_config,
             R"(/log: must contain the key file, not {"level":"info"})"},
        Case{R"({"levle":"info"})", ErrorCode::unsupported_field,
             R"(/log/levle: unknown key with value "info": did you mean "level"?)"}}) {
    expect_failure([&, text = log] { log_of(text); }, code, message);
  }
}

TEST(FindLogTarget, IgnoresErrorsInOtherKeys) {
  const auto target = find_log_target(R"({"mtuu":7,"name":"net","log":{"file":"/run/veth-cni/a.log"}})");
  EXPECT_EQ(target, (LogTarget{.log = {.file = "/run/veth-cni/a.log"}, .network = "net"}));
  EXPECT_EQ(find_log_target(R"({"name":7,"log":{"file":"/run/veth-cni/a.log"}})")->network, "");
}

TEST(FindLogTarget, IsAbsentIfTheLogIsInvalid) {
  for (const char* text : {"", "[]", "{}", R"({"log":7})", R"({"log":{"file":"/etc/passwd"}})"}) {
    EXPECT_EQ(find_log_target(text), std::nullopt) << text;
  }
}

TEST(MayHaveLogKey, IsFalseOnlyIfThereIsNoSuchKey) {
  for (const char* text : {R"({"log":{}})", R"({"a":1,"LoG" : {}})", R"({"l\u006fg":{}})"}) {
    EXPECT_TRUE(may_have_log_key(text)) << text;
  }
  for (const char* text : {"", "log", R"({"logs":{}})", R"({"name":"catalog"})", "\"", "\"log"}) {
    EXPECT_FALSE(may_have_log_key(text)) << text;
  }
}

}  // namespace
}  // namespace cni
