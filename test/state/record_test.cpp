#include "plugin/state/record.hpp"

#include "plugin/posix/files.hpp"

#include <fcntl.h>

#include <filesystem>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace {

const state::Record whole{.attachment = {.network = "net", .container = "c1", .interface = "eth0"},
                          .netns = "/run/netns/\"c1\"\n",
                          .pod = "default/web-0",
                          .addresses = {*cni::find_address("10.1.2.3"), *cni::find_address("fd00::3")},
                          .host_interface = state::HostInterface{.name = "vethabcdefghijk", .index = 4'000'000'000},
                          .ends = {.host = 4'294'967'295, .container = 7},
                          .wiring = R"({"mtu":1500})"};

/// The members of an object, with a valid sum before them.
std::string summed(std::string_view members) {
  std::string text = R"({"sum":"-------------",)" + std::string{members.substr(members.starts_with('{') ? 1 : 0)};
  state::set_sum(text);
  return text;
}

TEST(Record, IsReadAsItWasWritten) { EXPECT_EQ(state::find_record(state::to_text(whole)), whole); }

TEST(Record, IsReadWithoutOptionalMembers) {
  const state::Record small{.attachment = whole.attachment};
  EXPECT_EQ(state::find_record(state::to_text(small)), small);
}

TEST(Record, IsOneLineOfJson) {
  const state::Record small{
      .attachment = whole.attachment, .netns = "/n", .addresses = {*cni::find_address("10.1.2.3")}};
  EXPECT_EQ(state::to_text(small),
            R"({"sum":"hcmkao2uhg2hy","ends":{"host":0         ,"container":0         },"format":1,"network":"net",)"
            R"("container":"c1","interface":"eth0","netns":"/n","addresses":["10.1.2.3"]})"
            "\n");
}

TEST(Record, IsRejectedAfterAnyChange) {
  const auto text = state::to_text(whole);
  for (auto place = text.find(':'); place < text.size(); ++place) {
    auto changed = text;
    changed[place] = static_cast<char>(changed[place] ^ 1);
    EXPECT_FALSE(state::find_record(changed).has_value()) << changed;
    EXPECT_FALSE(state::find_record(text.substr(0, place)).has_value()) << text.substr(0, place);
  }
}

/// A flipped bit in the name of the key must not disable the check.
TEST(Record, IsRejectedWithoutASum) {
  const auto text = state::to_text(whole);
  const auto sum = text.find("\"sum\"");
  auto renamed = text;
  renamed[sum + 1] = '{';
  EXPECT_FALSE(state::find_record(renamed).has_value());
  auto without = text;
  without.erase(sum, text.find(',', sum) + 1 - sum);
  EXPECT_FALSE(state::find_record(without).has_value());
}

TEST(Record, MayContainTextThatIsNotUtf8) {
  const state::Record odd{.attachment = whole.attachment, .netns = "/run/\xff"};
  EXPECT_TRUE(state::find_record(state::to_text(odd)).has_value());
}

TEST(Record, IsReadWithKeysOfALaterVersion) {
  EXPECT_TRUE(state::find_record(summed(R"({"format":1,"network":"n","container":"c","interface":"e","later":[1]})")));
}

/// As mark_live() does in a file.
TEST(Record, GetsTheIndexesOfTheEndsInPlace) {
  auto without = whole;
  without.ends = {};
  const auto before = state::to_text(without);
  auto text = before;
  const auto changed = state::set_ends(text, whole.ends);
  EXPECT_EQ(text, state::to_text(whole));
  EXPECT_EQ(text.size(), before.size());
  EXPECT_EQ(std::string{changed} + before.substr(changed.size()), text);
  EXPECT_LT(changed.size(), 100U) << "one page";
}

/// Records of version 0.1.0 do not contain the ifindexes of the ends.
TEST(Record, OfAnEarlierVersionIsRead) {
  const std::filesystem::path samples = VETH_TEST_FOLDER "/../integration/samples/state";
  int records = 0;
  for (const auto& entry : std::filesystem::directory_iterator{samples}) {
    const auto file = posix::find_content(AT_FDCWD, entry.path() / "net/live/sinte24eihife", state::longest_record);
    ASSERT_TRUE(file.has_value()) << entry.path();
    const auto record = state::find_record(*file);
    ASSERT_TRUE(record.has_value()) << entry.path();
    EXPECT_EQ(record->attachment.network, "net");
    EXPECT_EQ(record->ends, state::EndIndexes{});
    EXPECT_FALSE(record->addresses.empty());
    ++records;
  }
  EXPECT_EQ(records, 5);
}

TEST(Record, IsRejectedIfItIsInvalid) {
  const char* const texts[] = {
      "",
      "\n",
      "null",
      "[]",
      "17",
      "{}",
      R"({"format":1,"network":"n","container":"c","interface":"e")",
      R"({"format":2,"network":"n","container":"c","interface":"e"})",
      R"({"format":"1","network":"n","container":"c","interface":"e"})",
      R"({"network":"n","container":"c","interface":"e"})",
      R"({"format":1,"container":"c","interface":"e"})",
      R"({"format":1,"network":"n","interface":"e"})",
      R"({"format":1,"network":"n","container":"c"})",
      R"({"format":1,"network":7,"container":"c","interface":"e"})",
      R"({"format":1,"network":"n","container":"c","interface":"e","addresses":["10.1.2.300"]})",
      R"({"format":1,"network":"n","container":"c","interface":"e","addresses":"10.1.2.3"})",
      R"({"format":1,"network":"n","container":"c","interface":"e","hostInterface":{"name":"v"}})",
      R"({"format":1,"network":"n","container":"c","interface":"e","hostInterface":{"index":1}})",
      R"({"format":1,"network":"n","container":"c","interface":"e","hostInterface":{"name":"v","index":4294967296}})",
      R"({"format":1,"network":"n","container":"c","interface":"e","ends":{"host":1}})",
      R"({"format":1,"network":"n","container":"c","interface":"e","ends":{"host":1,"container":4294967296}})",
  };
  for (const auto* text : texts) {
    EXPECT_FALSE(state::find_record(text).has_value()) << text;
    EXPECT_FALSE(state::find_record(summed(text)).has_value()) << text;
  }
}

TEST(Record, DoesNotParseItsWiring) {
  const auto text = summed(R"({"format":1,"network":"n","container":"c","interface":"e","wiring":{"a":[{}]}})");
  EXPECT_EQ(state::find_record(text)->wiring, R"({"a":[{}]})");
  const auto without = summed(R"({"format":1,"network":",\"wiring\":","container":"c","interface":"e"})");
  EXPECT_EQ(state::find_record(without)->wiring, "");
}

}  // namespace
