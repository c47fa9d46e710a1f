#include "plugin/cni/network_config.hpp"
#include "test/support/error_text.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

cni::SourceNat parse_source_nat(const std::string& members) {
  const auto text = R"({"cniVersion":"1.1.0","name":"net","type":"veth","ipam":{"type":"x"},)" + members + "}";
  return cni::parse_network_config(text, cni::Verb::add, {}).source_nat;
}

TEST(ReadSourceNat, HasTheDefaultsOfTheReferencePlugins) {
  const auto nat = parse_source_nat(R"("mtu":1400)");
  EXPECT_FALSE(nat.masquerade);
  EXPECT_TRUE(nat.mapped_ports);
  EXPECT_FALSE(nat.all_clients);
  EXPECT_TRUE(nat.except.empty());
}

TEST(ReadSourceNat, ReadsTheKeysOfTheReferencePluginsAndExceptions) {
  const auto nat =
      parse_source_nat(R"("ipMasq":true,"ipMasqExcept":["10.0.0.0/8","fd00::/8"],"snat":false,"masqAll":true)");
  EXPECT_TRUE(nat.masquerade);
  EXPECT_EQ(nat.except, (std::vector{*cni::find_prefix("10.0.0.0/8"), *cni::find_prefix("fd00::/8")}));
  EXPECT_FALSE(nat.mapped_ports);
  EXPECT_TRUE(nat.all_clients);
}

TEST(ReadSourceNat, RejectsKeysThatNeedIptables) {
  const std::string backend =
      R"( is not supported: veth uses its own nftables table, which does not affect iptables rules. )"
      R"(Set it to "nftables" or remove it)";
  const std::string conditions =
      " is not supported: veth does not read conditions in the syntax of iptables or nft. Remove them, or map ports "
      "with "
      "the plugin portmap after veth";
  const std::string mark = " is not supported: veth does not mark packets. Remove it";
  for (const auto& [members, message] :
       {std::pair{R"("ipMasqBackend":"iptables")", R"(2: /ipMasqBackend: "iptables")" + backend},
        std::pair{R"("backend":"iptables")", R"(2: /backend: "iptables")" + backend},
        std::pair{R"("conditionsV4":["-s","1.2.3.4"])", R"(2: /conditionsV4: ["-s","1.2.3.4"])" + conditions},
        std::pair{R"("conditionsV6":["!"])", R"(2: /conditionsV6: ["!"])" + conditions},
        std::pair{R"("markMasqBit":13)", "2: /markMasqBit: 13" + mark},
        std::pair{R"("externalSetMarkChain":"KUBE-MARK-MASQ")",
                  R"(2: /externalSetMarkChain: "KUBE-MARK-MASQ")" + mark}}) {
    EXPECT_EQ(test::error_text([&, words = std::string{members}] { parse_source_nat(words); }), message);
  }
  EXPECT_EQ(
      test::error_text([] { parse_source_nat(R"("ipMasqBackend":"nftables","backend":"","conditionsV4":null)"); }), "");
}

}  // namespace
