#include "ipam/resolv_conf.hpp"

#include "test/support/error_text.hpp"
#include "test/support/temporary_directory.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace {

TEST(ResolvConf, ReadsTheKeywordsOfResolvConf) {
  const struct {
    const char* text;
    cni::Dns dns;
  } cases[] = {
      {"", {}},
      {"nameserver 192.0.2.1\nnameserver 2001:db8::1\n",
       {.nameservers = {"192.0.2.1", "2001:db8::1"}, .domain = {}, .search = {}, .options = {}}},
      {"nameserver 192.0.2.1 trailing", {.nameservers = {"192.0.2.1"}, .domain = {}, .search = {}, .options = {}}},
      {"domain a.example\ndomain b.example\n", {.nameservers = {}, .domain = "b.example", .search = {}, .options = {}}},
      {"search a b\n\nsearch\tc\r\n", {.nameservers = {}, .domain = {}, .search = {"a", "b", "c"}, .options = {}}},
      {"options ndots:5 edns0\noptions rotate",
       {.nameservers = {}, .domain = {}, .search = {}, .options = {"ndots:5", "edns0", "rotate"}}},
      {"# nameserver 1\n;nameserver 2\n  # nameserver 3\nsortlist x\nnameserver\n  nameserver 4\n",
       {.nameservers = {"4"}, .domain = {}, .search = {}, .options = {}}},
  };
  for (const auto& [text, dns] : cases) EXPECT_EQ(ipam::parse_resolv_conf(text), dns) << text;
}

class ResolvConfFile : public testing::Test {
 protected:
  std::string reading() const {
    cni::IpamConfig config;
    config.resolv_conf = path;
    return test::error_text([&] { ipam::lease_without_addresses(config); });
  }

  test::TemporaryDirectory directory;
  std::string path = directory.path() + "/resolv.conf";
};

TEST_F(ResolvConfFile, IsReadThroughALink) {
  std::ofstream{directory.path() + "/real"} << "nameserver 192.0.2.1\n";
  std::filesystem::create_symlink("real", path);
  EXPECT_EQ(reading(), "");
}

TEST_F(ResolvConfFile, IsRejectedIfItIsNotARegularFile) {
  EXPECT_EQ(reading(), "7: /ipam/resolvConf: \"" + path + "\" does not exist");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(reading(), "7: /ipam/resolvConf: \"" + path + "\" is not a regular file");
}

TEST(Lease, HasTheRoutesAndDnsOfTheConfiguration) {
  cni::IpamConfig config;
  config.routes.emplace_back();
  config.dns.domain = "example.org";
  const auto lease = ipam::lease_without_addresses(config);
  EXPECT_EQ(lease.routes, config.routes);
  EXPECT_EQ(lease.dns, config.dns);
}

}  // namespace
