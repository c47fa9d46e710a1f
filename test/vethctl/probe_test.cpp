#include "plugin/vethctl/probe.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/vethctl/commands.hpp"
#include "test/support/fake_prober.hpp"
#include "test/vethctl/console.hpp"
#include "test/vethctl/recorded_node.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

class ProbeCommand : public test::RecordedNode {
 protected:
  ProbeCommand() {
    attach(test::wanted("c1"));
    inspector.addresses_by_path["/proc/self/ns/net"] = {test::prefix("10.1.2.1/32")};
  }

  int probe(const std::vector<std::string>& words) {
    const auto arguments = vethctl::parse(vethctl::probe_command(), words);
    return vethctl::run_probe(arguments, screen.console(root), {inspector, prober});
  }
  std::string refusal(const std::vector<std::string>& words) {
    try {
      probe(words);
    } catch (const vethctl::UsageError& error) {
      return error.message;
    } catch (const cni::Error& error) {
      return error.what();
    }
    return {};
  }

  test::FakeProber prober;
  test::Screen screen;
};

TEST_F(ProbeCommand, ReturnsSuccessIfEverythingArrives) {
  EXPECT_EQ(probe({"c1", "host"}), vethctl::success);
  EXPECT_NE(screen.printed.find("c1    host  tcp"), std::string::npos) << screen.printed;
}

TEST_F(ProbeCommand, ReturnsFaultsIfSomethingIsLost) {
  prober.answer = [](const kernel::ProbePacket&) { return kernel::ProbeAnswer{}; };
  EXPECT_EQ(probe({"c1", "host", "--output", "json"}), vethctl::found_faults);
  EXPECT_TRUE(screen.printed.starts_with("{\n")) << screen.printed;
}

TEST_F(ProbeCommand, UsesTheLoopbackAddressesForAMappedPortOfTheHost) {
  EXPECT_EQ(probe({"host", "host:8080"}), vethctl::success);
  EXPECT_EQ(prober.exchanges.at(0).at(0).destination, test::ip("127.0.0.1"));
  EXPECT_EQ(prober.exchanges.at(0).at(0).port, 8080);
}

TEST_F(ProbeCommand, RefusesEndsThatCannotBeTested) {
  EXPECT_EQ(refusal({"c1", "c1"}), "\"c1\" and \"c1\" are the same");
  EXPECT_EQ(refusal({"host:80", "c1"}), "\"host:80\": a port of the host can only be the second operand");
  EXPECT_EQ(refusal({"192.0.2.1", "192.0.2.2"}),
            "\"192.0.2.1\" and \"192.0.2.2\" are not on this node: one of them must be an attachment or the host");
  EXPECT_EQ(
      refusal({"c1", "2001:db8::1"}),
      "\"c1\" and \"2001:db8::1\" have no addresses of the same family: there is nothing to test; see vethctl show");
}

TEST_F(ProbeCommand, RefusesWrongNumbers) {
  EXPECT_EQ(refusal({"c1", "host", "--port", "70000"}), "--port \"70000\": must be a number from 1 to 65535");
  EXPECT_EQ(refusal({"c1", "host", "--count", "x"}), "--count \"x\": must be a number from 1 to 1000");
  EXPECT_EQ(refusal({"c1", "host", "--timeout", "1"}), "--timeout \"1\": must be a number from 10 to 60000");
}

}  // namespace
