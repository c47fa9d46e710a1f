#include "plugin/cni/trace_context.hpp"

#include <gtest/gtest.h>

namespace {

using cni::find_trace_context;
using cni::TraceContext;

const std::string ids = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";

TEST(TraceContext, IsParsed) {
  const TraceContext expected{.trace_id = "0af7651916cd43dd8448eb211c80319c", .parent_id = "b7ad6b7169203331"};
  EXPECT_EQ(find_trace_context("00-" + ids + "-01"), expected);
}

TEST(TraceContext, OfALaterVersionMayBeLonger) {
  EXPECT_TRUE(find_trace_context("01-" + ids + "-00").has_value());
  EXPECT_TRUE(find_trace_context("cc-" + ids + "-01-what-the-future-brings").has_value());
  EXPECT_FALSE(find_trace_context("cc-" + ids + "-01.what").has_value());
}

TEST(TraceContext, RejectsEverythingElse) {
  for (const std::string& text : {std::string{}, std::string{"00"}, ids, "00-" + ids + "-01-x", "ff-" + ids + "-01",
                                  "00-" + ids + "-0", "00_" + ids + "-01", "0x-" + ids + "-01", "00-" + ids + "-0g",
                                  std::string{"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"},
                                  std::string{"00-00000000000000000000000000000000-b7ad6b7169203331-01"},
                                  std::string{"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"}}) {
    EXPECT_EQ(find_trace_context(text), std::nullopt) << text;
  }
}

}  // namespace
