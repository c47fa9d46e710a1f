#include "plugin/vethctl/report/event.hpp"

#include <gtest/gtest.h>

namespace {

std::string row_with(const std::string& members) {
  const auto row = report::event_row(R"({"time":"2026-01-02T03:04:05.678901Z","verb":"DEL",)" + members + '}');
  return row.substr(row.find("DEL"));
}

TEST(EventRow, ContainsTheResult) {
  EXPECT_EQ(row_with(R"("network":"net","result":"ok","addresses":["10.1.2.3/24","fd00::3/64"],"duration_us":999)"),
            "DEL     net           -             -          999 us    ok 10.1.2.3/24 fd00::3/64\n");
  EXPECT_EQ(row_with(R"("error":{"code":101,"msg":"exists","details":"DEL it"},"duration_us":12345678)"),
            "DEL     -             -             -          12.3 s    error 101: exists; DEL it\n");
}

TEST(EventRow, ShortensOnlyContainerIds) {
  const auto row = row_with(R"("network":"a-network-with-a-long-name","container":")" + std::string(64, 'a') + '"');
  EXPECT_EQ(row, "DEL     a-network-with-a-long-name  aaaaaaaaaaaa  -          -         ok\n");
}

TEST(EventRow, PrintsOtherLinesUnchanged) {
  EXPECT_EQ(report::event_row("no \x1b json"), "? no \xef\xbf\xbd json\n");
  EXPECT_EQ(report::event_row("{}"), "? {}\n");
}

TEST(TimeOfEvent, IsEmptyForOtherLines) {
  EXPECT_EQ(report::time_of_event(R"({"time":"2026"})"), "2026");
  EXPECT_EQ(report::time_of_event("no json"), "");
}

}  // namespace
