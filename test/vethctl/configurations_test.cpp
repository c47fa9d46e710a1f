#include "plugin/vethctl/configurations.hpp"

#include "test/support/temporary_directory.hpp"

#include <fstream>

#include <gtest/gtest.h>

namespace {

using vethctl::PluginConfiguration;

class Configurations : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    std::ofstream{directory.path() + '/' + name} << text;
  }
  std::vector<PluginConfiguration> read() const { return vethctl::read_configurations(directory.path()); }

  test::TemporaryDirectory directory;
};

TEST_F(Configurations, AreReadInTheOrderOfTheFileNames) {
  write("20-b.conf", R"({"type":"veth","name":"b"})");
  write("10-a.json", R"({"Type":"veth","name":"a","ipam":{"type":"host-local"}})");
  write("30-c.txt", R"({"type":"veth","name":"c"})");
  EXPECT_EQ(read(), (std::vector<PluginConfiguration>{
                        {"veth", "host-local", R"({"Type":"veth","name":"a","ipam":{"type":"host-local"}})"},
                        {"veth", "", R"({"type":"veth","name":"b"})"}}));
}

TEST_F(Configurations, ContainNameAndVersionOfTheList) {
  write("10.conflist", R"({"cniVersion":"1.0.0","name":"net","plugins":[{"type":"veth"},{"type":"portmap"}]})");
  EXPECT_EQ(read(), (std::vector<PluginConfiguration>{
                        {"veth", "", R"({"type":"veth","name":"net","cniVersion":"1.0.0"})"},
                        {"portmap", "", R"({"type":"portmap","name":"net","cniVersion":"1.0.0"})"}}));
}

TEST_F(Configurations, SkipInvalidFiles) {
  for (const char* text : {"", "{", "[]", "7", R"({"plugins":7})", R"({"plugins":[7]})"}) {
    write("10.conf", text);
    EXPECT_TRUE(read().empty()) << text;
  }
  EXPECT_TRUE(vethctl::read_configurations("/nonexistent").empty());
}

}  // namespace
