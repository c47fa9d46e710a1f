#include "plugin/vethctl/command.hpp"

#include <gtest/gtest.h>

namespace {

using vethctl::parse;

const vethctl::Command command{
    .name = "connect",
    .operands = "END END",
    .min_operands = 2,
    .max_operands = 2,
    .options = {{.name = "address", .value = "CIDR"}, {.name = "quiet"}, vethctl::output_option()}};

std::string refusal(const std::vector<std::string>& words) {
  try {
    parse(command, words);
  } catch (const vethctl::UsageError& error) {
    return error.what();
  }
  return {};
}

TEST(CommandLine, AcceptsOptionsAndOperandsInAnyOrder) {
  const auto arguments = parse(command, {"net0", "--address", "10.0.0.1/24", "--quiet", "net1", "--output=json"});
  EXPECT_EQ(arguments.operands, (std::vector<std::string>{"net0", "net1"}));
  EXPECT_EQ(arguments.value("address"), "10.0.0.1/24");
  EXPECT_TRUE(arguments.has("quiet"));
  EXPECT_TRUE(arguments.wants_json());
}

TEST(CommandLine, KeepsAllValuesOfAnOption) {
  const auto arguments = parse(command, {"a", "b", "--address", "10.0.0.1/24", "--address", "fd00::1/64"});
  EXPECT_EQ(arguments.values("address"), (std::vector<std::string>{"10.0.0.1/24", "fd00::1/64"}));
  EXPECT_TRUE(arguments.values("quiet").empty());
}

TEST(CommandLine, IsRejectedIfItIsWrong) {
  EXPECT_EQ(refusal({"a"}), "connect: 1 operand is given, expected: END END");
  EXPECT_EQ(refusal({"a", "b", "c"}), "connect: 3 operands are given, expected: END END");
  EXPECT_EQ(refusal({"a", "b", "--adress", "x"}),
            "\"connect\" has no option \"--adress\": did you mean \"--address\"?");
  EXPECT_EQ(refusal({"a", "b", "-x"}), "\"connect\" has no option \"-x\"");
  EXPECT_EQ(refusal({"a", "b", "--output", "xml"}), "--output \"xml\": must be one of text, json, yaml");
  EXPECT_EQ(refusal({"a", "b", "--address"}), "--address: CIDR is missing");
  EXPECT_EQ(refusal({"a", "b", "--address", "--quiet"}), "--address: CIDR is missing");
  EXPECT_EQ(refusal({"a", "b", "--quiet=yes"}), "--quiet takes no value");
}

TEST(CommandLine, AcceptsShortOptions) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"a", "b", "-o", "json"}, {"-ojson", "a", "b"}, {"a", "-o=json", "b"}, {"a", "b", "--output", "json"}}) {
    const auto arguments = parse(command, words);
    EXPECT_EQ(arguments.value("output"), "json") << words.back();
    EXPECT_EQ(arguments.operands, (std::vector<std::string>{"a", "b"})) << words.back();
  }
  EXPECT_EQ(refusal({"a", "b", "-o"}), "--output: FORMAT is missing");
  EXPECT_EQ(refusal({"a", "b", "-o", "xml"}), "--output \"xml\": must be one of text, json, yaml");
  EXPECT_EQ(parse(command, {"a", "b", "--address", "-o"}).value("address"), "-o");
}

TEST(CommandLine, TakesOptionalValuesOnlyIfTheyAreNumbers) {
  vethctl::Command watch;
  watch.operands = "[FILE]";
  watch.max_operands = 1;
  watch.options = {{.name = "watch", .value = "SECONDS", .letter = 'w', .is_value_optional = true}};
  EXPECT_EQ(parse(watch, {"--watch"}).value("watch"), "");
  EXPECT_EQ(parse(watch, {"--watch", "0.5"}).value("watch"), "0.5");
  EXPECT_EQ(parse(watch, {"--watch=3"}).value("watch"), "3");
  EXPECT_EQ(parse(watch, {"-w", "3"}).value("watch"), "3");
  const auto arguments = parse(watch, {"--watch", "pods"});
  EXPECT_EQ(arguments.value("watch"), "");
  EXPECT_EQ(arguments.operands, std::vector<std::string>{"pods"});
}

TEST(CommandLine, AcceptsTheCommonOptions) {
  EXPECT_EQ(parse(command, {"a", "b", "--color", "never"}).value("color"), "never");
  EXPECT_EQ(refusal({"a", "b", "--color=red"}), "--color \"red\": must be one of auto, always, never");
}

TEST(RequestedFormat, IsFoundInWordsThatAreNotValid) {
  EXPECT_EQ(vethctl::requested_format({"list", "--nonsense", "-o", "json"}), "json");
  EXPECT_EQ(vethctl::requested_format({"nonsense", "--output=yaml"}), "yaml");
  EXPECT_EQ(vethctl::requested_format({"list", "-ojson", "-o", "text"}), "text");
  EXPECT_EQ(vethctl::requested_format({"list", "--", "-o", "json"}), "");
  EXPECT_EQ(vethctl::requested_format({"list", "-o"}), "");
}

TEST(CommandLine, HasOnlyOperandsAfterTwoDashes) {
  const auto arguments = parse(command, {"--quiet", "--", "-a", "--address"});
  EXPECT_EQ(arguments.operands, (std::vector<std::string>{"-a", "--address"}));
  EXPECT_TRUE(arguments.has("quiet"));
}

TEST(CommandLine, RejectsOperandsThatLookLikeOptions) {
  const vethctl::Command look{.name = "look", .operands = "[FILE]", .max_operands = 1};
  EXPECT_THROW(vethctl::parse(look, {"-x"}), vethctl::UsageError);
  EXPECT_EQ(vethctl::parse(look, {"-"}).operands, std::vector<std::string>{"-"});
}

}  // namespace
