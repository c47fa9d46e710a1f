#include "plugin/cni/environment.hpp"

#include "plugin/cni/attachment.hpp"
#include "test/cni/failure.hpp"

#include <unistd.h>

#include <cstdlib>

#include <gtest/gtest.h>

namespace cni {
namespace {

// Sets CNI_* for one test.
class ReadEnvironment : public testing::Test {
 protected:
  static void set(const char* name, const char* value) { ASSERT_EQ(setenv(name, value, 1), 0); }

  void TearDown() override {
    for (const char* name : {"CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS", "CNI_PATH",
                             "CNI_NETNS_OVERRIDE", "CNI_UNHEARD_OF", "cni_command"}) {
      unsetenv(name);
    }
  }
};

TEST_F(ReadEnvironment, ReturnsTheVariables) {
  set("CNI_COMMAND", "ADD");
  set("CNI_CONTAINERID", "c1");
  set("CNI_NETNS", "/proc/1/ns/net");
  set("CNI_IFNAME", "eth0");
  set("CNI_ARGS", "A=b=c;D=e");
  set("CNI_PATH", "/opt/cni/bin:/usr/lib/cni");
  EXPECT_EQ(read_environment(), (Environment{.command = "ADD",
                                             .container_id = "c1",
                                             .netns = "/proc/1/ns/net",
                                             .ifname = "eth0",
                                             .args = "A=b=c;D=e",
                                             .path = "/opt/cni/bin:/usr/lib/cni"}));
}

TEST_F(ReadEnvironment, TreatsEmptyAsAbsent) {
  EXPECT_EQ(read_environment(), Environment{});
  set("CNI_COMMAND", "");
  EXPECT_EQ(read_environment(), Environment{});
}

TEST_F(ReadEnvironment, IgnoresOtherVariables) {
  set("CNI_UNHEARD_OF", "1");
  set("cni_command", "ADD");
  EXPECT_EQ(read_environment(), Environment{});
}

TEST_F(ReadEnvironment, AcceptsAnyBytes) {
  set("CNI_IFNAME", "\xff\x01 =\n");
  EXPECT_EQ(read_environment().ifname, "\xff\x01 =\n");
}

TEST_F(ReadEnvironment, ReadsTheOverride) {
  for (const char* value : {"1", "true", "TRUE", "True"}) {
    set("CNI_NETNS_OVERRIDE", value);
    EXPECT_TRUE(read_environment().netns_override) << value;
  }
  for (const char* value : {"", "0", "false", "yes", "11"}) {
    set("CNI_NETNS_OVERRIDE", value);
    EXPECT_FALSE(read_environment().netns_override) << value;
  }
}

// Replaces environ by another array, as execve(2) can.
class OtherEnvironment {
 public:
  explicit OtherEnvironment(char** other) { environ = other; }
  ~OtherEnvironment() { environ = before_; }
  OtherEnvironment(const OtherEnvironment&) = delete;
  OtherEnvironment& operator=(const OtherEnvironment&) = delete;

 private:
  char** before_ = environ;
};

TEST(ReadUnusualEnvironment, UsesTheFirstOfTwoValues) {
  std::string first = "CNI_COMMAND=ADD";
  std::string second = "CNI_COMMAND=DEL";
  std::array<char*, 3> entries{first.data(), second.data(), nullptr};
  const OtherEnvironment other(entries.data());
  EXPECT_EQ(read_environment().command, "ADD");
}

TEST(ReadUnusualEnvironment, AcceptsANullPointer) {
  const OtherEnvironment other(nullptr);
  EXPECT_EQ(read_environment(), Environment{});
}

TEST(ReadUnusualEnvironment, IgnoresEntriesWithoutAValue) {
  std::string odd = "NOTHING";
  std::string empty;
  std::string command = "CNI_COMMAND=ADD";
  std::array<char*, 4> entries{odd.data(), empty.data(), command.data(), nullptr};
  const OtherEnvironment other(entries.data());
  EXPECT_EQ(read_environment().command, "ADD");
}

Environment complete(const std::string& command) {
  return {
      .command = command, .container_id = "c1", .netns = "/run/netns/x", .ifname = "eth0", .args = "", .path = "/b"};
}

TEST(CheckedVerb, AcceptsTheSixVerbs) {
  for (const Verb verb : {Verb::add, Verb::del, Verb::check, Verb::gc, Verb::status, Verb::version}) {
    EXPECT_EQ(checked_verb(complete(std::string(to_string(verb)))), verb);
  }
}

TEST(CheckedVerb, RejectsUnknownVerbs) {
  const std::string must_be = "; CNI_COMMAND must be ADD, DEL, CHECK, GC, STATUS or VERSION";
  for (const char* command : {"NOPE", "add", "ADD ", "VERSIONS"}) {
    expect_failure([&] { checked_verb(complete(command)); }, ErrorCode::invalid_environment,
                   std::string("unknown CNI_COMMAND: ") + command + must_be);
  }
  expect_failure([] { checked_verb(complete("\x1b[2J")); }, ErrorCode::invalid_environment,
                 R"(unknown CNI_COMMAND: \x1b[2J)" + must_be);
}

TEST(CheckedVerb, ReportsAllMissingVariablesAtOnce) {
  struct Case {
    const char* command;
    const char* missing;
  };
  for (const auto& [command, missing] :
       {Case{"", "CNI_COMMAND"}, Case{"ADD", "CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME"},
        Case{"CHECK", "CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME"}, Case{"DEL", "CNI_CONTAINERID,CNI_IFNAME"}}) {
    Environment environment;
    environment.command = command;
    expect_failure([&] { checked_verb(environment); }, ErrorCode::invalid_environment,
                   std::string("required env variables [") + missing + "] missing");
  }
}

TEST(CheckedVerb, NeedsOnlyTheCommandForVerbsOfTheWholeNetwork) {
  for (const char* command : {"GC", "STATUS", "VERSION"}) {
    Environment environment;
    environment.command = command;
    environment.container_id = "/";
    environment.ifname = "eth%d";
    EXPECT_NO_THROW(checked_verb(environment)) << command;
  }
}

TEST(CheckedVerb, NeedsNoNamespaceForDel) {
  Environment environment = complete("DEL");
  environment.netns.clear();
  EXPECT_EQ(checked_verb(environment), Verb::del);
}

TEST(CheckedVerb, RejectsContainerIdsThatCouldBePaths) {
  for (const char* id : {".", "../x", "a/b", "-a", "a b", "a%"}) {
    Environment environment = complete("DEL");
    environment.container_id = id;
    expect_failure([&] { checked_verb(environment); }, ErrorCode::invalid_environment,
                   std::string(R"(invalid characters in containerID; CNI_CONTAINERID is ")") + id + "\"; " +
                       std::string(identifier_rule));
  }
}

TEST(CheckedVerb, AcceptsContainerIdsOfUpTo4096Bytes) {
  Environment environment = complete("ADD");
  environment.container_id = std::string(4096, 'a');
  EXPECT_EQ(checked_verb(environment), Verb::add);
  environment.container_id += 'a';
  expect_failure([&] { checked_verb(environment); }, ErrorCode::invalid_environment,
                 "containerID is longer than 4096 bytes; " + std::string(256, 'a') + "...");
}

TEST(CheckedVerb, RejectsInterfaceNamesThatTheKernelWouldChange) {
  Environment environment = complete("ADD");
  environment.ifname = "eth%d";
  expect_failure([&] { checked_verb(environment); }, ErrorCode::invalid_environment,
                 "interface name contains %, which the kernel treats as a template; CNI_IFNAME is \"eth%d\"");
}

TEST(InterfaceNameFault, IsAbsentForValidNames) {
  for (const char* name : {"eth0", "e", "net1.100", "a-b_c@d", "abcdefghijklmno", "lo", "...", "veth{}\"'\\"}) {
    EXPECT_EQ(interface_name_fault(name), std::nullopt) << name;
  }
}

TEST(InterfaceNameFault, DescribesTheError) {
  struct Case {
    const char* name;
    const char* fault;
  };
  const char* const separator = "interface name contains / or : or whitespace characters";
  const char* const unprintable = "interface name contains bytes that are not printable ASCII";
  for (const auto& [name, fault] :
       {Case{"", "interface name is empty"}, Case{"abcdefghijklmnop", "interface name is longer than 15 bytes"},
        Case{".", "interface name is . or .."}, Case{"..", "interface name is . or .."}, Case{"a/b", separator},
        Case{"a:b", separator}, Case{"a b", separator}, Case{"a\t", separator}, Case{"\na", separator},
        Case{"a%d", "interface name contains %, which the kernel treats as a template"}, Case{"a\x01", unprintable},
        Case{"a\x7f", unprintable}, Case{"\xc3\xa9", unprintable}}) {
    EXPECT_EQ(interface_name_fault(name), fault) << name;
  }
  EXPECT_EQ(interface_name_fault(std::string_view("a\0b", 3)), unprintable);
}

TEST(ParseArgs, ReadsAddressesAndMac) {
  EXPECT_EQ(
      parse_args("IgnoreUnknown=1;K8S_POD_NAME=p;MAC=02:11:22:33:44:55;IP=10.68.0.77,fd00::1;GATEWAY=10.68.0.1"),
      (Args{.ip = {"10.68.0.77", "fd00::1"}, .gateway = {"10.68.0.1"}, .mac = "02:11:22:33:44:55", .pod_name = "p"}));
}

TEST(ParseArgs, NamesThePodByNamespaceAndName) {
  EXPECT_EQ(pod_of(parse_args("K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0")), "default/web-0");
  for (const char* text :
       {"", "K8S_POD_NAMESPACE=default", "K8S_POD_NAME=web-0", "K8S_POD_NAMESPACE=;K8S_POD_NAME=w"}) {
    EXPECT_EQ(pod_of(parse_args(text)), "") << text;
  }
}

TEST(ParseArgs, IgnoresEmptyPairsAndValues) {
  for (const char* text : {"", ";", ";;A=b;;", "IP=;MAC=;GATEWAY=,", "ip=10.0.0.1", "A=b=c"}) {
    EXPECT_EQ(parse_args(text), Args{}) << text;
  }
}

TEST(ParseArgs, SkipsPartsThatAreNotPairs) {
  for (const char* text : {"IP", "none", "A=b;IP", "=x", " "}) EXPECT_EQ(parse_args(text), Args{}) << text;
  EXPECT_EQ(parse_args("IP;none;MAC=02:00:00:00:00:01"), (Args{.ip = {}, .mac = "02:00:00:00:00:01"}));
}

}  // namespace
}  // namespace cni
