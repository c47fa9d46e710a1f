#include "plugin/kernel/nft_attributes.hpp"

#include <gtest/gtest.h>

namespace {

using kernel::Bytes;
using kernel::nft_nest;
using kernel::nft_number;
using kernel::nft_text;

Bytes expression(const char* name, const Bytes& data) { return nft_nest(1, nft_text(1, name) + nft_nest(2, data)); }

const Bytes wanted = expression("meta", nft_number(1, 8) + nft_number(2, 15)) + expression("masq", {});

TEST(Expressions, MatchThemselves) { EXPECT_TRUE(kernel::matches_expressions(wanted, wanted)); }

/// The kernel reports attributes in another order, and adds attributes with default values.
TEST(Expressions, MatchWithAdditionalAttributes) {
  const auto found = expression("meta", nft_number(2, 15) + nft_number(7, 0) + nft_number(1, 8)) +
                     expression("masq", nft_number(1, 0));
  EXPECT_TRUE(kernel::matches_expressions(wanted, found));
  EXPECT_FALSE(kernel::matches_expressions(found, wanted));
}

TEST(Expressions, DoNotMatchOthers) {
  for (const auto& other : {expression("meta", nft_number(1, 8) + nft_number(2, 16)) + expression("masq", {}),
                            expression("meta", nft_number(1, 8)) + expression("masq", {}),
                            expression("masq", {}) + expression("meta", nft_number(1, 8) + nft_number(2, 15)),
                            expression("meta", nft_number(1, 8) + nft_number(2, 15)), wanted + expression("masq", {}),
                            expression("meta", nft_number(1, 8) + nft_number(2, 15)) + expression("drop", {}),
                            wanted.substr(0, wanted.size() - 1), Bytes{}}) {
    EXPECT_FALSE(kernel::matches_expressions(wanted, other)) << testing::PrintToString(other);
  }
}

TEST(Expressions, DoNotMatchTruncatedBytes) {
  for (std::size_t length = 0; length < wanted.size(); ++length)
    EXPECT_FALSE(kernel::matches_expressions(wanted, wanted.substr(0, length))) << length;
}

}  // namespace
