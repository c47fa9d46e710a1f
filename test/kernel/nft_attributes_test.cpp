#include "plugin/kernel/nft_attributes.hpp"

#include <gtest/gtest.h>

namespace {

using kernel::Bytes;
using kernel::nft_nest;
using kernel::nft_number;
using kernel::nft_text;

Bytes expression(const char* name, const Bytes& data) { return nft_nest(1, nft_text(1, name) + nft_nest(2, data)); }

const Bytes wanted = expression("meta", nft_number(1, 8) + nft_number(2, 15)) + expression("masq", {});

TEST(Fulfilled, IsWhatIsTheSame) { EXPECT_TRUE(kernel::is_fulfilled(wanted, wanted)); }

/// As the kernel tells it: in an order of its own, and with what it has filled in.
TEST(Fulfilled, IsWhatHasMore) {
  const auto there = expression("meta", nft_number(2, 15) + nft_number(7, 0) + nft_number(1, 8)) +
                     expression("masq", nft_number(1, 0));
  EXPECT_TRUE(kernel::is_fulfilled(wanted, there));
  EXPECT_FALSE(kernel::is_fulfilled(there, wanted));
}

TEST(Fulfilled, IsNothingElse) {
  for (const auto& other : {expression("meta", nft_number(1, 8) + nft_number(2, 16)) + expression("masq", {}),
                            expression("meta", nft_number(1, 8)) + expression("masq", {}),
                            expression("masq", {}) + expression("meta", nft_number(1, 8) + nft_number(2, 15)),
                            expression("meta", nft_number(1, 8) + nft_number(2, 15)), wanted + expression("masq", {}),
                            expression("meta", nft_number(1, 8) + nft_number(2, 15)) + expression("drop", {}),
                            wanted.substr(0, wanted.size() - 1), Bytes{}}) {
    EXPECT_FALSE(kernel::is_fulfilled(wanted, other)) << testing::PrintToString(other);
  }
}

TEST(Fulfilled, IsReadFromWhatEndsTooEarly) {
  for (std::size_t length = 0; length < wanted.size(); ++length)
    EXPECT_FALSE(kernel::is_fulfilled(wanted, wanted.substr(0, length))) << length;
}

}  // namespace
