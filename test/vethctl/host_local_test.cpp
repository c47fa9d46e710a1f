#include "plugin/vethctl/host_local.hpp"

#include "test/support/temporary_directory.hpp"

#include <fstream>

#include <gtest/gtest.h>

namespace {

using vethctl::CachedAttachment;
using vethctl::HostLocalLease;

const cni::IpAddress address = cni::find_address("10.1.2.3").value();

TEST(HostLocalFile, IsParsedInBothFormats) {
  struct Case {
    std::string content;
    std::string container;
    std::string interface;
  };
  for (const auto& [content, container, interface] :
       {Case{"c1\r\neth0", "c1", "eth0"}, Case{"c1\r\nnet1\n", "c1", "net1"}, Case{"c1", "c1", "eth0"},
        Case{" c1 \n", "c1", "eth0"}, Case{"", "", ""}, Case{"\r\n", "", ""}}) {
    EXPECT_EQ(vethctl::parse_host_local(address, content), (HostLocalLease{address, container, interface})) << content;
  }
}

TEST(HostLocalFolder, HasALeaseInEachFileNamedAfterAnAddress) {
  const test::TemporaryDirectory directory;
  for (const auto& [name, content] : std::vector<std::pair<std::string, std::string>>{
           {"fd00::7", "c1\r\neth0"}, {"10.1.2.3", "c1\r\neth0"}, {"last_reserved_ip.0", "10.1.2.3"}, {"lock", ""}}) {
    std::ofstream{directory.path() + "/" + name} << content;
  }
  EXPECT_EQ(
      vethctl::read_host_local(directory.path()),
      (std::vector<HostLocalLease>{{address, "c1", "eth0"}, {cni::find_address("fd00::7").value(), "c1", "eth0"}}));
  EXPECT_THROW(vethctl::read_host_local(directory.path() + "/none"), std::system_error);
}

const std::string result = R"({"cniVersion":"0.4.0","interfaces":[{"name":"cni0"},{"name":"veth1"},
    {"name":"eth0","sandbox":"/run/netns/c1"}],"ips":[{"version":"4","interface":2,"address":"10.1.2.3/24"}]})";

TEST(CachedResult, ContainsTheInterfaces) {
  const CachedAttachment expected{.host_interfaces = {"cni0", "veth1"}, .netns = "/run/netns/c1"};
  EXPECT_EQ(vethctl::find_cached(R"({"kind":"cniCacheV1","ifName":"eth0","result":)" + result + "}", "eth0"), expected);
  EXPECT_EQ(vethctl::find_cached(result, "eth0"), expected);
  EXPECT_EQ(vethctl::find_cached(result, "eth1")->netns, "");
}

TEST(CachedResult, IsNulloptForOtherTexts) {
  for (const std::string text : {"", "[]", "{", R"({"result":{"interfaces":7}})"}) {
    EXPECT_EQ(vethctl::find_cached(text, "eth0"), std::nullopt) << text;
  }
}

}  // namespace
