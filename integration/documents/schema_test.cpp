// The JSON Schema accepts the same configurations as `vethctl validate`, which reads them as ADD does.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr auto python = "/usr/bin/python3";

/// Reads {"schema", "instances"} and prints the first error of each instance, or "".
constexpr auto script = R"(
import json, sys, jsonschema
given = json.load(sys.stdin)
jsonschema.Draft202012Validator.check_schema(given["schema"])
validator = jsonschema.Draft202012Validator(given["schema"])
print(json.dumps([str(next((e.message for e in validator.iter_errors(i)), "")) for i in given["instances"]]))
)";

json read_file(const std::filesystem::path& path) { return json::parse(std::ifstream{path}); }

std::vector<std::string> schema_errors(const json& instances) {
  const json given{{"schema", read_file(VETH_SOURCE_DIR "/conf/veth-cni.schema.json")}, {"instances", instances}};
  const auto outcome = run({.argv = {python, "-I", "-c", script}, .input = given.dump()});
  EXPECT_EQ(outcome.exit, 0) << outcome.err;
  return json::parse(outcome.out).get<std::vector<std::string>>();
}

class Schema : public testing::Test {
 protected:
  void SetUp() override {
    if (run({.argv = {python, "-I", "-c", "import jsonschema; jsonschema.Draft202012Validator"}}).exit != 0) {
      GTEST_SKIP() << "NOT RUN: python3-jsonschema is missing";
    }
  }
};

TEST_F(Schema, AcceptsEveryExample) {
  json examples = json::array();
  for (const auto& entry : std::filesystem::recursive_directory_iterator{VETH_SOURCE_DIR "/conf"}) {
    if (entry.path().extension() == ".conflist") examples.push_back(read_file(entry.path()));
  }
  ASSERT_GE(examples.size(), 5U);
  const auto errors = schema_errors(examples);
  for (std::size_t i = 0; i < errors.size(); ++i) EXPECT_EQ(errors[i], "") << examples[i];
}

Outcome validated(const json& configuration) {
  const std::string file = configuration.contains("plugins") ? "/run/test/net.conflist" : "/run/test/net.conf";
  std::ofstream{file} << configuration;
  return vethctl({"validate", file});
}

void expect_agreement(const char* kind, bool is_good) {
  const auto table = read_file(VETH_SOURCE_DIR "/test/cni/configurations.json").at(kind);
  json instances = json::array();
  for (const auto& row : table) instances.push_back(row.at("configuration"));
  const auto errors = schema_errors(instances);
  ASSERT_EQ(errors.size(), table.size());
  for (std::size_t i = 0; i < errors.size(); ++i) {
    const auto what = table[i].at("what").get<std::string>();
    const auto outcome = validated(instances[i]);
    EXPECT_EQ(errors[i].empty(), is_good) << what << ", by the schema: " << errors[i];
    EXPECT_EQ(outcome.exit, is_good ? 0 : 1) << what << ", by vethctl: " << outcome.out;
  }
}

TEST_F(Schema, AcceptsValidConfigurations) { expect_agreement("good", true); }
TEST_F(Schema, RejectsInvalidConfigurations) { expect_agreement("bad", false); }

}  // namespace
