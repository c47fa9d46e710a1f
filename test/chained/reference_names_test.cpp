#include "plugin/chained/reference_names.hpp"

#include <gtest/gtest.h>

namespace {

/// The names are those that version 1.1.1 has created.
TEST(ReferenceNames, AreThoseOfTheReferencePlugins) {
  const auto rules = chained::portmap_rules_of_reference({"net", "a", "eth0"});
  EXPECT_EQ(rules.chains.front(), "CNI-DN-c3a99edf74e2fcceab44d");
  EXPECT_EQ(rules.chains.back().size(), 28U);
  EXPECT_EQ(rules.commented.size(), 2U);
  EXPECT_EQ(rules.commented.front().comment, "a");
  EXPECT_EQ(chained::ifb_name_of_reference({"net", "a", "eth0"}), "bwpc3a99edf74e2");
}

}  // namespace
