#include "plugin/cni/log_line.hpp"

#include <gtest/gtest.h>

namespace cni {
namespace {

using namespace std::chrono_literals;

LoggedCall logged_add() {
  LoggedCall call{.answered_at = std::chrono::sys_days{std::chrono::year{2024} / 2 / 29} + 13h + 5min + 7s + 42us,
                  .plugin = "veth"};
  call.verb = "ADD";
  call.network = "net";
  call.container = "c1";
  call.interface = "eth0";
  call.netns = "/run/netns/c1";
  call.addresses = {"10.1.2.3/24", "fd00::3/64"};
  call.ignored_keys = {"/hello"};
  call.duration = 2345us;
  call.steps = {{"read", 45us}, {"kernel_create", 2300us}};
  return call;
}

TEST(LogLine, ContainsAllMembers) {
  EXPECT_EQ(log_line(logged_add(), LogLevel::debug),
            R"({"time":"2024-02-29T13:05:07.000042Z","level":"info","plugin":"veth","verb":"ADD","network":"net",)"
            R"("container":"c1","interface":"eth0","netns":"/run/netns/c1","result":"ok",)"
            R"("addresses":["10.1.2.3/24","fd00::3/64"],"ignored_keys":["/hello"],"duration_us":2345,)"
            R"("steps_us":{"read":45,"kernel_create":2300}})"
            "\n");
}

TEST(LogLine, OmitsEmptyMembers) {
  LoggedCall call{.plugin = "veth"};
  call.verb = "STATUS";
  call.steps = {{"read", 45us}};
  EXPECT_EQ(log_line(call, LogLevel::info),
            R"({"time":"1970-01-01T00:00:00.000000Z","level":"info","plugin":"veth","verb":"STATUS","result":"ok",)"
            R"("duration_us":0})"
            "\n");
}

TEST(LogLine, IsAlwaysOneLine) {
  auto call = logged_add();
  call.netns = "/run/\n\xff\"";
  call.error = Error{ErrorCode::system_refused, "first\nsecond", "more"};
  const auto line = log_line(call, LogLevel::info);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_NE(line.find(R"("result":"error",)"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("error":{"code":100,"msg":"first\nsecond","details":"more"})"), std::string::npos) << line;
}

TEST(AddressesOfResult, AreReadInEveryVersion) {
  EXPECT_EQ(addresses_of_result(R"({"cniVersion":"1.0.0","ips":[{"address":"10.1.2.3/24"},{"address":"fd00::1/64"}]})"),
            (std::vector<std::string>{"10.1.2.3/24", "fd00::1/64"}));
  EXPECT_EQ(addresses_of_result(R"({"cniVersion":"0.2.0","ip4":{"ip":"10.1.2.3/24"}})"),
            std::vector<std::string>{"10.1.2.3/24"});
  EXPECT_EQ(addresses_of_result(""), std::vector<std::string>{});
}

}  // namespace
}  // namespace cni
