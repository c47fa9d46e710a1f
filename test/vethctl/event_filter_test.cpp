#include "plugin/vethctl/event_filter.hpp"

#include "plugin/vethctl/commands.hpp"

#include <gtest/gtest.h>

namespace {

/// 2026-01-31T12:00:00Z
const auto now = std::chrono::system_clock::from_time_t(1769860800);

vethctl::EventFilter filter(const std::vector<std::string>& words) {
  return vethctl::read_event_filter(vethctl::parse(vethctl::events_command(), words), now);
}

TEST(EventFilter, ReadsTimesAndDurations) {
  struct Case {
    std::string text;
    std::string since;
  };
  for (const auto& [text, since] :
       {Case{"90s", "2026-01-31T11:58:30.000000Z"}, Case{"10m", "2026-01-31T11:50:00.000000Z"},
        Case{"2h", "2026-01-31T10:00:00.000000Z"}, Case{"3d", "2026-01-28T12:00:00.000000Z"},
        Case{"2026-01-30", "2026-01-30T00:00:00.000000Z"}, Case{"2026-01-30 08:15", "2026-01-30T08:15:00.000000Z"},
        Case{"2026-01-30T08:15:01Z", "2026-01-30T08:15:01.000000Z"},
        Case{"2026-01-30T08:15:01.123456Z", "2026-01-30T08:15:01.123456Z"}}) {
    EXPECT_EQ(filter({"--since", text}).since, since) << text;
  }
}

TEST(EventFilter, RefusesOtherValues) {
  for (const auto* text : {"", "10", "m", "-5m", "10x", "yesterday", "2026-01", "2026-01-30T08", "99999999999999s"}) {
    EXPECT_THROW(filter({"--since=" + std::string{text}}), vethctl::UsageError) << text;
  }
  for (const auto* text : {"", "-1", "x", "1.5"}) {
    EXPECT_THROW(filter({"--tail=" + std::string{text}}), vethctl::UsageError) << text;
  }
}

}  // namespace
