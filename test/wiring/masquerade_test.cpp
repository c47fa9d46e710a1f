#include "plugin/wiring/masquerade.hpp"

#include "test/support/addresses.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using test::prefix;
using Texts = std::vector<std::string>;

const cni::Lease dual_stack{.addresses = {{prefix("10.1.2.3/24")}, {prefix("fd00::3/64")}}};

/// "10.1.2.3 except 10.1.2.0/24 224.0.0.0/4"
Texts words(const std::vector<wiring::Masquerade>& masquerades) {
  Texts lines;
  for (const auto& masquerade : masquerades) {
    lines.push_back(cni::to_string(masquerade.source) + " except");
    for (const auto& except : masquerade.except) lines.back() += ' ' + cni::to_string(except);
  }
  return lines;
}

TEST(Masquerades, AreEmptyWithoutIpMasq) {
  EXPECT_EQ(words(wiring::masquerades({.except = {prefix("10.0.0.0/8")}}, dual_stack)), Texts{});
}

TEST(Masquerades, ExceptTheOwnNetworkAndMulticast) {
  EXPECT_EQ(words(wiring::masquerades({.masquerade = true}, dual_stack)),
            (Texts{"10.1.2.3 except 10.1.2.0/24 224.0.0.0/4", "fd00::3 except fd00::/64 ff00::/8"}));
}

TEST(Masquerades, DoNotExceptAHostPrefix) {
  EXPECT_EQ(words(wiring::masquerades({.masquerade = true}, {.addresses = {{prefix("10.1.2.3/32")}}})),
            Texts{"10.1.2.3 except 224.0.0.0/4"});
}

TEST(Masquerades, ContainTheConfiguredExceptionsOfTheirFamilyOnce) {
  const cni::SourceNat config{.masquerade = true,
                              .except = {prefix("10.0.0.9/8"), prefix("fd00::/8"), prefix("10.0.0.0/8")}};
  EXPECT_EQ(words(wiring::masquerades(config, dual_stack)), (Texts{"10.1.2.3 except 10.1.2.0/24 224.0.0.0/4 10.0.0.0/8",
                                                                   "fd00::3 except fd00::/64 ff00::/8 fd00::/8"}));
}

}  // namespace
