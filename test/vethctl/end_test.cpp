#include "plugin/vethctl/end.hpp"

#include "plugin/vethctl/command.hpp"

#include <gtest/gtest.h>

namespace {

using vethctl::End;
using vethctl::find_end;

TEST(FindEnd, KnowsTheWaysInWhichPeopleNameOne) {
  EXPECT_TRUE(find_end("net0") == (End{End::Kind::netns, "net0", "/run/netns/net0"}));
  EXPECT_TRUE(find_end("/run/user/netns/a") == (End{End::Kind::netns, "a", "/run/user/netns/a"}));
  EXPECT_TRUE(find_end("4711") == (End{End::Kind::netns, "pid-4711", "/proc/4711/ns/net"}));
  EXPECT_TRUE(find_end("host") == (End{End::Kind::host, "host", "/proc/self/ns/net"}));
  EXPECT_TRUE(find_end("bridge:cni0") == (End{End::Kind::bridge, "cni0", ""}));
}

TEST(FindEnd, RefusesWhatNothingCanBeCalled) {
  for (const char* text : {"", "a b", "bridge:", "bridge:a/b", "/run/netns/"}) {
    EXPECT_THROW(find_end(text), vethctl::UsageError) << text;
  }
}

}  // namespace
