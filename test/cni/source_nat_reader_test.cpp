#include "plugin/cni/network_config.hpp"
#include "test/support/error_text.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

cni::SourceNat parse_source_nat(const std::string& members) {
  const auto text = R"({"cniVersion":"1.1.0","name":"net","type":"veth","ipam":{"type":"x"},)" + members + "}";
  return cni::parse_network_config(text, cni::Verb::add, {}).source_nat;
}

TEST(ReadSourceNat, HasTheDefaultsOfTheReference) {
  const auto nat = parse_source_nat(R"("mtu":1400)");
  EXPECT_FALSE(nat.masquerade);
  EXPECT_TRUE(nat.mapped_ports);
  EXPECT_FALSE(nat.all_clients);
  EXPECT_TRUE(nat.except.empty());
}

TEST(ReadSourceNat, TakesTheKeysOfTheReferenceAndExceptions) {
  const auto nat =
      parse_source_nat(R"("ipMasq":true,"ipMasqExcept":["10.0.0.0/8","fd00::/8"],"snat":false,"masqAll":true)");
  EXPECT_TRUE(nat.masquerade);
  EXPECT_EQ(nat.except, (std::vector{*cni::find_prefix("10.0.0.0/8"), *cni::find_prefix("fd00::/8")}));
  EXPECT_FALSE(nat.mapped_ports);
  EXPECT_TRUE(nat.all_clients);
}

TEST(ReadSourceNat, RefusesWhatOnlyIptablesCanDo) {
  const std::string backend =
      R"( is not supported: rules are set in nftables tables of their own, beside which those of iptables go on working; )"
      R"(set it to "nftables" or leave it out)";
  const std::string conditions =
      " is not supported: conditions are in the words of iptables or nft; leave them out, or map ports by the plugin "
      "portmap behind this one";
  const std::string mark = " is not supported: no packet is marked here; leave it out";
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
