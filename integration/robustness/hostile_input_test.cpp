// Invalid input of every kind: the call prints one error object, exits with 1, changes nothing, and never hangs.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/slowness.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr std::chrono::seconds invalid_call_timeout{5};

/// An ADD with one invalid value that would succeed without it.
struct InvalidCall {
  std::string name;
  int code = 0;
  Call call;
  std::vector<std::string> words = {};  ///< that the error has to contain
};

class InvalidInput : public testing::Test {
 protected:
  Call valid_call() const {
    return {.command = "ADD",
            .container = "a",
            .netns = container.netns.path(),
            .config = dual_stack(),
            .timeout = invalid_call_timeout};
  }

  InvalidCall with_config(const std::string& name, int code, const std::vector<std::pair<std::string, json>>& changes,
                          const std::vector<std::string>& words = {}) const {
    InvalidCall invalid{name, code, valid_call(), words};
    for (const auto& [pointer, value] : changes) invalid.call.config[json::json_pointer{pointer}] = value;
    return invalid;
  }

  InvalidCall with_input(const std::string& name, int code, const std::string& input) const {
    InvalidCall invalid{name, code, valid_call()};
    invalid.call.input = input;
    return invalid;
  }

  InvalidCall with(const std::string& name, std::string Call::*variable, const std::string& value,
                   const std::vector<std::string>& words = {}) const {
    InvalidCall invalid{name, variable == &Call::netns ? 8 : 4, valid_call(), words};
    invalid.call.*variable = value;
    return invalid;
  }

  static void expect_error(const InvalidCall& invalid, const Answer& answer) {
    EXPECT_EQ(answer.exit, 1);
    ASSERT_TRUE(answer.result.is_object()) << "not one JSON object";
    EXPECT_EQ(code_of(answer), invalid.code);
    EXPECT_FALSE(answer.result.value("msg", "").empty());
    EXPECT_TRUE(answer.result.contains("cniVersion"));
    const auto text = answer.result.value("msg", "") + "; " + answer.result.value("details", "");
    for (const auto& word : invalid.words) EXPECT_NE(text.find(word), std::string::npos) << "does not name " << word;
  }

  void expect_refusals(const std::vector<InvalidCall>& invalid_calls) {
    for (const auto& invalid : invalid_calls) {
      const auto answer = call(invalid.call);
      std::ostringstream trace;
      trace << invalid.name << "\n" << answer;
      SCOPED_TRACE(trace.str().substr(0, 2000));
      expect_error(invalid, answer);
      EXPECT_TRUE(unchanged_since(before));
      EXPECT_FALSE(has_interface(container.netns, "eth0"));
    }
  }

  Container container{"a"};
  Snapshot before = Snapshot::take();
};

// Shows that the call of the tests below succeeds without the invalid value.
TEST_F(InvalidInput, ValidCallSucceeds) {
  const auto added = call(valid_call());
  EXPECT_EQ(added.exit, 0) << added;
}

TEST_F(InvalidInput, IsRejectedInAConfiguration) {
  expect_refusals({
      with_config("misspelled key", 2, {{"/mtuu", 1400}}, {"mtuu", "1400", "mtu"}),
      with_config("misspelled key in ipam", 2, {{"/ipam/range", 1}}, {"range", "ranges"}),
      with_config("mtu is a text", 7, {{"/mtu", "big"}}, {"mtu"}),
      with_config("mtu is negative", 7, {{"/mtu", -1}}, {"mtu"}),
      with_config("mtu is a fraction", 6, {{"/mtu", 1400.5}}, {"mtu"}),
      with_config("mtu is too small", 7, {{"/mtu", 10}}, {"mtu"}),
      with_config("mtu is too large", 7, {{"/mtu", 4294967296 + 1500}}, {"mtu"}),
      with_config("unknown mode", 7, {{"/mode", "warp"}}, {"warp"}),
      with_config("ipam is a list", 6, {{"/ipam", json::array()}}, {"ipam"}),
      with_config("ranges is an object", 6, {{"/ipam/ranges", json::object()}}, {"ranges"}),
      with_config("no address family at all", 7, {{"/ipam/ranges/0/0/subnet", "10.1.2.0/33"}}, {"10.1.2.0/33"}),
      with_config("bad CIDR", 7, {{"/ipam/ranges/1/0/subnet", "fd00:1:2:/64"}},
                  {"fd00:1:2:/64", "/ipam/ranges/1/0/subnet"}),
      with_config("host bits in the subnet", 7, {{"/ipam/ranges/0/0/subnet", "10.1.2.3/24"}}, {"10.1.2.3/24"}),
      with_config("range outside of its subnet", 7, {{"/ipam/ranges/0/0/rangeStart", "10.1.3.1"}}, {"10.1.3.1"}),
      with_config("ranges that overlap", 7, {{"/ipam/ranges/1/0/subnet", "10.1.2.128/25"}}, {"10.1.2."}),
      with_config("route with a bad destination", 7, {{"/ipam/routes/0/dst", "everywhere"}}, {"everywhere"}),
      with_config("network name with a slash", 7, {{"/name", "../net"}}, {"../net"}),
      with_config("network name of another type", 6, {{"/name", 7}}, {"name"}),
      with_config("no network name", 7, {{"/name", nullptr}}, {"name"}),
      with_config("long network name", 7, {{"/name", std::string(300, 'n')}}),
      with_config("unknown version", 1, {{"/cniVersion", "9.0.0"}}, {"9.0.0"}),
      with_config("version of another type", 6, {{"/cniVersion", 1}}),
      with_config("IPAM type with a slash", 7, {{"/ipam/type", "../../bin/sh"}}, {"../../bin/sh"}),
      with_config("dataDir anywhere", 7, {{"/ipam/dataDir", "/etc"}}, {"/etc"}),
      with_config("requested MAC is invalid", 7, {{"/runtimeConfig", {{"mac", "xx:yy"}}}}, {"xx:yy"}),
      with_config("requested multicast MAC", 7, {{"/runtimeConfig", {{"mac", "01:00:5e:00:00:01"}}}},
                  {"01:00:5e:00:00:01"}),
      with_config("requested address of no range", 7, {{"/runtimeConfig", {{"ips", json::array({"192.0.2.1"})}}}},
                  {"192.0.2.1"}),
  });
}

TEST_F(InvalidInput, IsRejectedIfItIsNoJsonObject) {
  const std::string deep(100'000, '[');
  const std::string valid_text = dual_stack().dump();
  expect_refusals({
      with_input("empty", 6, ""),
      with_input("white space", 6, " \n\t"),
      with_input("no object", 6, "[]"),
      with_input("null", 6, "null"),
      with_input("cut", 6, valid_text.substr(0, valid_text.size() - 1)),
      with_input("two values", 6, valid_text + valid_text),
      with_input("trailing text", 6, valid_text + "x"),
      with_input("bad UTF-8", 6, "{\"cniVersion\":\"1.0.0\",\"name\":\"\xff\xfe\",\"type\":\"veth\"}"),
      with_input("a zero byte", 6, std::string{"{\0}", 3}),
      with_input("nested lists", 6, deep),
      with_input("nested objects in a key", 6,
                 "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"type\":\"veth\",\"x\":" + deep),
      with_input("a key given twice", 7,
                 "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"type\":\"veth\",\"mtu\":1400,\"mtu\":1500}"),
      with_input("17 MB", 5, "{\"x\":\"" + std::string(17'000'000, 'x') + "\"}"),
  });
}

TEST_F(InvalidInput, IsRejectedInAVariable) {
  expect_refusals({
      with("unknown verb", &Call::command, "NOPE", {"NOPE"}),
      with("verb in lower case", &Call::command, "add", {"add"}),
      with("container with a slash", &Call::container, "a/b", {"a/b"}),
      with("container that begins with a dot", &Call::container, "..", {".."}),
      with("container with a newline", &Call::container, "a\n"),
      with("long container", &Call::container, std::string(5000, 'c')),
      with("interface as a template", &Call::interface, "eth%d", {"eth%d"}),
      with("interface of 16 bytes", &Call::interface, "interface0123456", {"interface0123456"}),
      with("interface lo", &Call::interface, "lo", {"lo"}),
      with("interface all", &Call::interface, "all", {"all"}),
      with("interface ..", &Call::interface, ".."),
      with("interface with a slash", &Call::interface, "a/b"),
      with("interface with a colon", &Call::interface, "eth0:1"),
      with("interface with a space", &Call::interface, "eth 0"),
      with("interface with a bell", &Call::interface, "eth\a"),
      with("interface that is not ASCII", &Call::interface, "\xc3\xa4th0"),
      with("CNI_ARGS with a wrong address", &Call::args, "IP=10.1.2", {"10.1.2"}),
  });
}

TEST_F(InvalidInput, IsReportedForAllMissingVariablesAtOnce) {
  InvalidCall invalid{"three variables missing", 4, valid_call(), {"CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"}};
  invalid.call.container = invalid.call.netns = invalid.call.interface = "";
  expect_refusals({invalid});
}

TEST_F(InvalidInput, IsRejectedIfItIsNoNetworkNamespace) {
  std::ofstream{"/run/test/plain"} << "plain";
  ASSERT_EQ(::mkfifo("/run/test/fifo", 0600), 0);
  const auto own = [](const std::string& name) { return "/proc/" + std::to_string(::getpid()) + "/ns/" + name; };
  expect_refusals({
      with("missing", &Call::netns, "/run/netns/none", {"/run/netns/none"}),
      with("plain file", &Call::netns, "/run/test/plain", {"/run/test/plain"}),
      with("FIFO", &Call::netns, "/run/test/fifo", {"/run/test/fifo"}),
      with("folder", &Call::netns, "/run/test", {"/run/test"}),
      with("device", &Call::netns, "/dev/null", {"/dev/null"}),
      with("user namespace", &Call::netns, own("user")),
      with("mount namespace", &Call::netns, own("mnt")),
      with("the host's own", &Call::netns, own("net")),
      with("the host's own by another path", &Call::netns, "/proc/self/ns/net"),
  });
  EXPECT_FALSE(std::filesystem::exists(state_root)) << "state was written before the namespace was verified";
}

// Standard input stays open without data: the call has to end by itself.
TEST_F(InvalidInput, WaitForInputEndsAfterTenSeconds) {
  ASSERT_EQ(::mkfifo("/run/test/input", 0600), 0);
  const auto begin = std::chrono::steady_clock::now();
  const auto outcome = run({.argv = {"sh", "-c", "exec " + executables() + "/veth 0<>/run/test/input"},
                            .environment = {"CNI_COMMAND=ADD", "CNI_CONTAINERID=a", "CNI_IFNAME=eth0",
                                            "CNI_NETNS=" + container.netns.path()},
                            .timeout = std::chrono::seconds{30}});
  const auto waited = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(outcome.exit, 1) << outcome.out << outcome.err;
  EXPECT_EQ(json::parse(outcome.out).at("code"), 5) << outcome.out;
  EXPECT_GE(waited, std::chrono::seconds{10}) << "a runtime may be slow";
  EXPECT_LT(waited, std::chrono::seconds{10} + std::chrono::seconds{3} * slowness());
}

}  // namespace
