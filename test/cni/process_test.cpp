#include "plugin/cni/process.hpp"

#include "plugin/cni/error.hpp"

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <gtest/gtest.h>

namespace {

using Print = std::function<void(std::string_view)>;
using Serve = std::function<void(cni::Call, const Print&)>;

std::system_error refused(int error, const std::string& act) { return {error, std::generic_category(), act}; }

/// A plugin whose streams are strings, called with only the given CNI_* variables.
class PluginProcess : public testing::Test {
 protected:
  PluginProcess() { clear_environment(); }
  ~PluginProcess() override { clear_environment(); }

  static void clear_environment() {
    for (const char* name : {"CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS", "CNI_PATH",
                             "CNI_NETNS_OVERRIDE", "TRACEPARENT"}) {
      ::unsetenv(name);
    }
  }
  static void set(const char* name, const char* value) { ::setenv(name, value, 1); }
  static void set_environment(const char* command) {
    set("CNI_COMMAND", command);
    set("CNI_CONTAINERID", "c1");
    set("CNI_NETNS", "/run/netns/c1");
    set("CNI_IFNAME", "eth0");
    set("CNI_PATH", "/opt/cni/bin");
  }

  int serve(const Serve& serve) {
    const cni::Plugin plugin{.type = "veth", .version = "1.2.3", .serve = serve};
    return cni::serve_process(plugin, streams);
  }
  static Serve nothing() {
    return [](const cni::Call&, const Print&) { FAIL() << "the plugin is not to be called"; };
  }

  std::string input = R"({"cniVersion":"0.4.0","name":"net"})";
  std::string output;
  std::string errors;
  std::string logged;
  cni::Streams streams{.read_input = [this](std::chrono::milliseconds) { return input; },
                       .write_output = [this](std::string_view text) { output += text; },
                       .write_error = [this](std::string_view text) { errors += text; },
                       .append_line = [this](const std::string& file,
                                             std::string_view line) { logged += file + ": " + std::string{line}; },
                       .random_number = [] { return 0xabcU; }};
};

const char* const about =
    "CNI veth plugin v1.2.3\nCNI protocol versions supported: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0\n";

TEST_F(PluginProcess, PrintsAboutTextWithoutACommand) {
  EXPECT_EQ(serve(nothing()), 0);
  EXPECT_EQ(errors, about);
  EXPECT_EQ(output, "");
}

TEST_F(PluginProcess, DoesNotReadItsInputWithoutACommand) {
  streams.read_input = [](auto) -> std::string { throw std::logic_error{"the input was read"}; };
  EXPECT_EQ(serve(nothing()), 0);
}

TEST_F(PluginProcess, IgnoresThatTheAboutTextCannotBePrinted) {
  streams.write_error = [](auto) { throw refused(EPIPE, "write"); };
  EXPECT_NO_THROW(serve(nothing()));
}

TEST_F(PluginProcess, AnswersVersionInTheRequestedVersion) {
  set("CNI_COMMAND", "VERSION");
  EXPECT_EQ(serve(nothing()), 0);
  EXPECT_EQ(output,
            R"({"cniVersion":"0.4.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]})"
            "\n");
}

TEST_F(PluginProcess, AnswersVersionForAnyInput) {
  set("CNI_COMMAND", "VERSION");
  const std::function<std::string(std::chrono::milliseconds)> inputs[] = {
      [](auto) { return ""; }, [](auto) { return "no json"; },
      [](auto) -> std::string { throw refused(ETIMEDOUT, "wait for the end of the input"); }};
  for (const auto& read : inputs) {
    streams.read_input = read;
    output.clear();
    EXPECT_EQ(serve(nothing()), 0);
    EXPECT_EQ(output.substr(0, 23), R"({"cniVersion":"1.1.0",")");
  }
}

TEST_F(PluginProcess, PassesEnvironmentAndInput) {
  set_environment("ADD");
  cni::Call called;
  EXPECT_EQ(serve([&](cni::Call call, const Print& print) {
              called = std::move(call);
              print("the result\n");
            }),
            0);
  EXPECT_EQ(called.environment.command, "ADD");
  EXPECT_EQ(called.environment.container_id, "c1");
  EXPECT_EQ(called.input, input);
  EXPECT_EQ(output, "the result\n");
  EXPECT_EQ(errors, "");
}

TEST_F(PluginProcess, PrintsOnlyWhatTheCallPrints) {
  set_environment("DEL");
  EXPECT_EQ(serve([](const cni::Call&, const Print&) {}), 0);
  EXPECT_EQ(output, "");
}

std::string error_object(const std::string& version, const std::string& code, const std::string& rest) {
  return "{\n    \"cniVersion\": \"" + version + "\",\n    \"code\": " + code + ",\n    \"msg\": " + rest + "\n}\n";
}

TEST_F(PluginProcess, PrintsAnErrorObjectForEveryException) {
  set_environment("ADD");
  const std::pair<std::function<void()>, std::string> cases[] = {
      {[] { throw cni::Error(cni::ErrorCode::invalid_config, "wrong", "do it right"); },
       error_object("0.4.0", "7", "\"wrong\",\n    \"details\": \"do it right\"")},
      {[] { throw cni::Error(static_cast<cni::ErrorCode>(4711), "a delegate's"); },
       error_object("0.4.0", "4711", "\"a delegate's\"")},
      {[] { throw refused(EPERM, "create veth pair"); },
       error_object("0.4.0", "100", "\"create veth pair: Operation not permitted\"")},
      {[] { throw std::logic_error{"a bug"}; }, error_object("0.4.0", "999", "\"internal error: a bug\"")}};
  for (const auto& [act, object] : cases) {
    output.clear();
    EXPECT_EQ(serve([&, act = act](const cni::Call&, const Print&) { act(); }), 1) << object;
    EXPECT_EQ(output, object);
  }
}

TEST_F(PluginProcess, PrintsAnErrorInTheNewestVersionIfNoneCanBeRead) {
  set_environment("ADD");
  for (const char* text : {"", "no json", R"({"cniVersion":"7.0.0"})", R"({"cniVersion":7})"}) {
    input = text;
    output.clear();
    EXPECT_EQ(serve([](const cni::Call&, const Print&) { throw cni::Error(cni::ErrorCode::internal, "x"); }), 1);
    EXPECT_EQ(output, error_object("1.1.0", "999", "\"x\"")) << text;
  }
}

TEST_F(PluginProcess, RejectsAnIncompleteEnvironment) {
  set("CNI_COMMAND", "ADD");
  EXPECT_EQ(serve(nothing()), 1);
  EXPECT_NE(output.find("\"code\": 4"), std::string::npos) << output;
  EXPECT_NE(output.find("CNI_CONTAINERID"), std::string::npos) << output;
}

TEST_F(PluginProcess, ReportsThatTheInputCannotBeRead) {
  set_environment("ADD");
  streams.read_input = [](auto) -> std::string { throw refused(ETIMEDOUT, "wait for the end of the input"); };
  EXPECT_EQ(serve(nothing()), 1);
  EXPECT_EQ(output, error_object("1.1.0", "5",
                                 "\"error reading from stdin: wait for the end of the input: Connection timed out\""));
}

TEST_F(PluginProcess, HasStatus1IfTheOutputCannotBeWritten) {
  streams.write_output = [](auto) { throw refused(EPIPE, "write"); };
  set("CNI_COMMAND", "VERSION");
  EXPECT_EQ(serve(nothing()), 1);
  set_environment("ADD");
  EXPECT_EQ(serve([](const cni::Call&, const Print& print) { print("the result\n"); }), 1);
}

constexpr auto logging = R"({"cniVersion":"1.0.0","name":"net","log":{"file":"/run/veth-cni/calls.log"}})";

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void attach(const cni::Call& call, const Print& print) {
  cni::lap(call.stopwatch, "work");
  print(R"({"cniVersion":"1.0.0","ips":[{"address":"10.1.2.3/24"}]})");
}

TEST_F(PluginProcess, LogsACallAfterItsOutput) {
  set_environment("ADD");
  input = logging;
  std::string answered;
  streams.append_line = [&](const std::string&, std::string_view line) {
    answered = output;
    logged = line;
  };
  EXPECT_EQ(serve(attach), 0);
  EXPECT_NE(answered, "");
  EXPECT_TRUE(has(logged, R"("plugin":"veth","verb":"ADD","network":"net","container":"c1","interface":"eth0",)"
                          R"("netns":"/run/netns/c1","result":"ok","addresses":["10.1.2.3/24"],"duration_us":)"))
      << logged;
  EXPECT_FALSE(has(logged, "trace_id")) << logged;
  EXPECT_EQ(errors, "");
}

TEST_F(PluginProcess, LogsAFailureOfAnInvalidConfiguration) {
  set_environment("ADD");
  input = logging;
  EXPECT_EQ(serve([](const cni::Call&, const Print&) { throw cni::Error(cni::ErrorCode::invalid_config, "wrong"); }),
            1);
  EXPECT_TRUE(has(logged, R"("result":"error","error":{"code":7,"msg":"wrong"})")) << logged;
}

TEST_F(PluginProcess, AddsTheCallToTheTrace) {
  set_environment("DEL");
  set("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  input = logging;
  EXPECT_EQ(serve([](const cni::Call&, const Print&) {}), 0);
  EXPECT_TRUE(has(logged, R"("trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"0000000000000abc",)"
                          R"("parent_span_id":"b7ad6b7169203331"})"))
      << logged;
}

TEST_F(PluginProcess, LogsByLevel) {
  set_environment("ADD");
  const auto serve_at = [this](const std::string& level) {
    input = R"({"name":"net","LOG":{"file":"/run/veth-cni/calls.log","level":")" + level + "\"}}";
    logged.clear();
    EXPECT_EQ(serve(attach), 0);
    return logged;
  };
  EXPECT_EQ(serve_at("error"), "");
  EXPECT_FALSE(has(serve_at("info"), "steps_us"));
  const auto line = serve_at("debug");
  for (const char* step : {R"("steps_us":{"work":)", R"("answer":)", R"("end":)"}) EXPECT_TRUE(has(line, step)) << line;
}

TEST_F(PluginProcess, LogsIgnoredKeys) {
  set_environment("DEL");
  input = R"({"name":"net","type":"veth","hello":1,"log":{"file":"/run/veth-cni/calls.log"},)"
          R"("ipam":{"type":"host-local"}})";
  EXPECT_EQ(serve([](const cni::Call&, const Print&) {}), 0);
  EXPECT_TRUE(has(logged, R"("result":"ok","ignored_keys":["/hello"],)")) << logged;
}

TEST_F(PluginProcess, IgnoresALineThatCannotBeWritten) {
  set_environment("ADD");
  input = logging;
  streams.append_line = [](const auto&, auto) { throw refused(ENOSPC, "append"); };
  EXPECT_EQ(serve(attach), 0);
  EXPECT_EQ(errors, "");
}

TEST_F(PluginProcess, DoesNotMeasureTimeWithoutALog) {
  set_environment("ADD");
  bool is_timed = true;
  EXPECT_EQ(serve([&](const cni::Call& call, const Print&) { is_timed = call.stopwatch->is_running(); }), 0);
  EXPECT_FALSE(is_timed);
  EXPECT_EQ(logged, "");
}

}  // namespace
