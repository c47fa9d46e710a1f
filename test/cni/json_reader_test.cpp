#include "plugin/cni/json_reader.hpp"

#include "test/cni/failure.hpp"

#include <gtest/gtest.h>

namespace cni {
namespace {

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

// Calls `act` with the member "v" of a document that has no other.
template <typename Act>
auto with_member(const std::string& value, Act act) {
  const JsonDocument document("{\"v\":" + value + "}", "the text");
  JsonObject object = document.root().as_object();
  return act(object.find("v").value());
}

template <typename Act>
void expect_member_failure(const std::string& value, Act act, ErrorCode code, const std::string& text) {
  expect_failure([&] { with_member(value, act); }, code, text);
}

TEST(JsonDocument, RejectsInvalidJson) {
  struct Case {
    std::string text;
    std::string reason;
  };
  const std::string value = "syntax error while parsing value - ";
  for (const auto& [text, reason] :
       {Case{"", "line 1, column 1: " + value + "unexpected end of input; expected '[', '{', or a literal"},
        Case{"{\n\"a\":}", "line 2, column 5: " + value + "unexpected '}'; expected '[', '{', or a literal"},
        Case{"{} x", "line 1, column 4: " + value + "invalid literal"},
        Case{"[1,]", "line 1, column 4: " + value + "unexpected ']'; expected '[', '{', or a literal"},
        Case{"NaN", "line 1, column 1: " + value + "invalid literal"},
        Case{"\"\xff\"", "line 1, column 2: " + value + "invalid string: ill-formed UTF-8 byte"},
        Case{"\"\\ud800\"", "line 1, column 8: " + value +
                                "invalid string: surrogate U+D800..U+DBFF must be followed by U+DC00..U+DFFF"},
        Case{"// comment", "line 1, column 1: " + value + "invalid literal"},
        Case{"1e999", "number overflow parsing '1e999'"}}) {
    expect_failure([&input = text] { JsonDocument(input, "the text"); }, ErrorCode::decoding_failure,
                   "the text cannot be read as JSON: " + reason);
  }
}

TEST(JsonDocument, AcceptsAnyValue) {
  for (const char* text : {"null", " 7 ", "\"x\"", "[]", "{}", "\xEF\xBB\xBF{}"})
    EXPECT_NO_THROW(JsonDocument(text, "x")) << text;
}

TEST(JsonDocument, AcceptsAtMost64Levels) {
  EXPECT_NO_THROW(JsonDocument(nested(64), "the text"));
  for (const std::size_t depth : {65U, 100000U}) {
    expect_failure([depth] { JsonDocument(nested(depth), "the text"); }, ErrorCode::decoding_failure,
                   "the text is nested more than 64 levels deep");
  }
}

/// With quadratic time this would exceed the time limit of the tests.
TEST(JsonDocument, ParsesAMebibyteInLinearTime) {
  const std::size_t size = 1U << 20U;
  std::string objects = "[";
  while (objects.size() < size) objects += R"({"a":{}},)";
  std::string members = "{";
  while (members.size() < size) members += "\"a" + std::to_string(members.size()) + "\":{\"b\":1},";
  for (const std::string& text : {std::string(size, '['), std::string(size, '9'), '"' + std::string(size, 'x'),
                                  std::string(size, '\0'), objects + "0]", objects, members + "\"z\":0}"}) {
    try {
      const JsonDocument document(text, "the text");
    } catch (const Error& error) {
      EXPECT_LT(error.message.size(), 512U);
    }
  }
}

TEST(JsonValue, IsReadAsItsOwnType) {
  const JsonDocument document(
      R"({"s":"x","b":true,"n":18446744073709551615,"a":"::1","p":"10.0.0.1/8","l":[1,2],"o":{}})", "the text");
  JsonObject object = document.root().as_object();
  EXPECT_EQ(object.find("s")->as_string(), "x");
  EXPECT_TRUE(object.find("b")->as_bool());
  EXPECT_EQ(object.find("n")->as_unsigned(0, ~std::uint64_t{0}), ~std::uint64_t{0});
  EXPECT_EQ(object.find("a")->as_address(), find_address("::1"));
  EXPECT_EQ(object.find("p")->as_prefix(), find_prefix("10.0.0.1/8"));
  EXPECT_EQ(object.find("l")->as_array().at(1).as_unsigned(0, 2), 2U);
  EXPECT_EQ(object.find("o")->as_object().pointer(), "/o");
}

TEST(JsonValue, IsNotConvertedToAString) {
  const auto read = [](const JsonValue& value) { return value.as_string(); };
  for (const char* value : {"7", "true", "[]", "{}"}) {
    expect_member_failure(value, read, ErrorCode::decoding_failure, std::string("/v: must be a string, not ") + value);
  }
}

TEST(JsonValue, IsNotConvertedToABool) {
  const auto read = [](const JsonValue& value) { return value.as_bool(); };
  for (const char* value : {"0", "1", "\"true\"", "[]"}) {
    expect_member_failure(value, read, ErrorCode::decoding_failure,
                          std::string("/v: must be true or false, not ") + value);
  }
}

TEST(JsonValue, AcceptsOnlyIntegersAsNumbers) {
  const auto read = [](const JsonValue& value) { return value.as_unsigned(68, 65535); };
  EXPECT_EQ(with_member("68", read), 68U);
  EXPECT_EQ(with_member("65535", read), 65535U);
  for (const char* value : {"1500.0", "100.0", "true", "\"1500\"", "[1500]"}) {
    expect_member_failure(value, read, ErrorCode::decoding_failure,
                          std::string("/v: must be an integer, not ") + value);
  }
  EXPECT_EQ(failure_of([&] { with_member("1e2", read); }).code, 6U);
  EXPECT_EQ(failure_of([&] { with_member("99999999999999999999", read); }).code, 6U);
}

TEST(JsonValue, ReportsTheRangeOfANumber) {
  const auto read = [](const JsonValue& value) { return value.as_unsigned(68, 65535); };
  for (const char* value : {"67", "65536", "-1", "0", "-9223372036854775808", "18446744073709551615"}) {
    expect_member_failure(value, read, ErrorCode::invalid_config,
                          std::string("/v: must be an integer from 68 to 65535, not ") + value);
  }
}

TEST(JsonValue, ReportsTheFormOfAnAddress) {
  expect_member_failure(
      "\"10.0.0.1/8\"", [](const JsonValue& value) { return value.as_address(); }, ErrorCode::invalid_config,
      R"(/v: must be an IP address, not "10.0.0.1/8")");
  expect_member_failure(
      "\"10.0.0.1\"", [](const JsonValue& value) { return value.as_prefix(); }, ErrorCode::invalid_config,
      R"(/v: must be an IP address with a prefix length, as in 10.1.2.0/24, not "10.0.0.1")");
  expect_member_failure(
      "7", [](const JsonValue& value) { return value.as_prefix(); }, ErrorCode::decoding_failure,
      "/v: must be a string, not 7");
}

TEST(JsonValue, TruncatesItsTextInMessages) {
  const auto text = [](const JsonValue& value) { return value.text(); };
  EXPECT_EQ(with_member(R"({ "a" : [ 1, null ] })", text), R"({"a":[1,null]})");
  EXPECT_EQ(with_member("\"\\n\\u0001\"", text), R"("\n\u0001")");
  EXPECT_EQ(with_member('"' + std::string(300, 'x') + '"', text), '"' + std::string(255, 'x') + "...");
  EXPECT_EQ(with_member("\"x" + std::string(150, 'y') + "\xC3\xA9\"", text).size(), 155U);
  std::string umlauts;
  for (int i = 0; i < 200; ++i) umlauts += "ü";
  EXPECT_EQ(with_member('"' + umlauts + '"', text), '"' + umlauts.substr(0, 254) + "...");
}

TEST(JsonValue, ReportsItsJsonPointer) {
  const JsonDocument document(R"({"ipam":{"ranges":[[],[{"cni.dev/x~":1}]]}})", "the text");
  JsonObject range = document.root()
                         .as_object()
                         .find("IPAM")
                         ->as_object()
                         .find("Ranges")
                         ->as_array()
                         .at(1)
                         .as_array()
                         .at(0)
                         .as_object();
  EXPECT_EQ(range.find("cni.dev/x~")->pointer(), "/ipam/ranges/1/0/cni.dev~1x~0");
}

class Members : public testing::Test {
 protected:
  explicit Members(const std::string& text = R"({"Name":"a","null":null,"empty":"","twice":1,"TWICE":1,"odd":1,"ODD":2,
                                                 "late":null,"Late":3})")
      : document_(text, "the text"), object_(document_.root().as_object()) {}

  JsonDocument document_;
  JsonObject object_;
};

TEST_F(Members, AreFoundWithoutRegardToCase) {
  EXPECT_EQ(object_.find("name")->as_string(), "a");
  EXPECT_EQ(object_.find("NAME")->pointer(), "/Name");
}

TEST_F(Members, AreAbsentIfNull) {
  EXPECT_EQ(object_.string_or("null", "default"), "default");
  EXPECT_FALSE(object_.find("null"));
  EXPECT_FALSE(object_.find("nothing"));
  EXPECT_TRUE(object_.find_or_null("null")->is_null());
  EXPECT_FALSE(object_.find_or_null("nothing"));
  EXPECT_EQ(object_.find("late")->as_unsigned(0, 9), 3U);
  EXPECT_EQ(object_.find_or_null("late")->as_unsigned(0, 9), 3U);
}

TEST_F(Members, WithEmptyStringsAreAbsentForFindNonempty) {
  EXPECT_TRUE(object_.find("empty"));
  EXPECT_FALSE(object_.find_nonempty("empty"));
  EXPECT_TRUE(object_.find_nonempty("name"));
}

TEST_F(Members, MayBeRequired) {
  EXPECT_EQ(object_.require("name").as_string(), "a");
  for (const char* key : {"nothing", "null", "empty"}) {
    expect_failure([&] { object_.require(key); }, ErrorCode::invalid_config, '/' + std::string(key) + ": missing");
  }
}

TEST_F(Members, MayOccurTwiceWithTheSameValue) { EXPECT_EQ(object_.find("twice")->as_unsigned(0, 1), 1U); }

TEST_F(Members, MustNotOccurTwiceWithDifferentValues) {
  expect_failure([&] { object_.find("odd"); }, ErrorCode::invalid_config,
                 "/odd: duplicated with different values: 1, and 2 as /ODD. Remove one of them");
}

TEST(SameKeyTwice, IsDetectedWithTheSameSpelling) {
  const JsonDocument document(R"({"a":{"b":1},"a":{"b":2}})", "the text");
  expect_failure([&] { document.root().as_object().find("a"); }, ErrorCode::invalid_config,
                 R"(/a: duplicated with different values: {"b":1}, and {"b":2} as /a. Remove one of them)");
}

TEST_F(Members, ThatWereNotReadAreListed) {
  object_.find("name");
  object_.find("Twice");
  constexpr std::array<std::string_view, 2> known{"odd", "EMPTY"};
  object_.mark_known(known);
  EXPECT_EQ(object_.unread_members(), (std::vector<std::string>{"null", "late", "Late"}));
}

TEST(MisspelledKey, IsRejectedWithTheKnownKey) {
  const JsonDocument document(R"({"a":{"mtuu":1450,"kubernetes":{},"rangeStrat":null}})", "the text");
  JsonObject object = document.root().as_object().find("a")->as_object();
  EXPECT_NO_THROW(object.reject_misspelled_keys());
  object.find("rangeStart");
  EXPECT_NO_THROW(object.reject_misspelled_keys());
  object.find("mtu");
  expect_failure([&] { object.reject_misspelled_keys(); }, ErrorCode::unsupported_field,
                 R"(/a/mtuu: unknown key with value 1450: did you mean "mtu"?)");
}

}  // namespace
}  // namespace cni
