#include "plugin/vethctl/end.hpp"

#include "plugin/vethctl/command.hpp"

#include <gtest/gtest.h>

namespace {

using vethctl::End;
using vethctl::parse_end;

TEST(ParseEnd, AcceptsNamesPathsProcessesHostAndBridges) {
  EXPECT_TRUE(parse_end("net0") == (End{End::Kind::netns, "net0", "/run/netns/net0"}));
  EXPECT_TRUE(parse_end("/run/netns/net0") == parse_end("net0"));
  EXPECT_TRUE(parse_end("/proc/4711/ns/net") == parse_end("4711"));
  EXPECT_TRUE(parse_end("4711") == (End{End::Kind::netns, "pid-4711", "/proc/4711/ns/net"}));
  EXPECT_TRUE(parse_end("host") == (End{End::Kind::host, "host", "/proc/self/ns/net"}));
  EXPECT_TRUE(parse_end("bridge:cni0") == (End{End::Kind::bridge, "cni0", ""}));
}

TEST(ParseEnd, GivesDifferentNamesToDifferentNamespaces) {
  const auto a = parse_end("/run/user/netns/a");
  EXPECT_EQ(a.path, "/run/user/netns/a");
  EXPECT_TRUE(a.name.starts_with("a-")) << a.name;
  EXPECT_NE(a.name, parse_end("/run/other/netns/a").name);
  EXPECT_NE(parse_end("/proc/1/task/2/ns/net").name, parse_end("/proc/1/task/3/ns/net").name);
}

TEST(ParseEnd, RejectsInvalidNames) {
  for (const char* text : {"", "a b", "bridge:", "bridge:a/b", "/run/netns/"}) {
    EXPECT_THROW(parse_end(text), vethctl::UsageError) << text;
  }
}

}  // namespace
