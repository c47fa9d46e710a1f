#include "plugin/verbs/check.hpp"

#include "test/verbs/network.hpp"

#include <cerrno>

namespace {

using test::ip;
using test::prefix;

class Check : public test::VerbsOfNetwork {
 protected:
  /// "<code>: <message>; <details>", as libcni shows it.
  std::string error_of_check(const cni::Request& request, state::Folder* in) {
    try {
      verbs::check(request, kernel, in);
    } catch (const cni::Error& error) {
      return std::to_string(error.code) + ": " + error.what();
    } catch (const std::system_error& error) {
      return error.what();
    }
    return {};
  }
  std::string error_of_check(const cni::Request& request) { return error_of_check(request, &folder); }
  static std::string differs(const std::string& difference) {
    return "104: the attachment is not as it was made; " + difference;
  }
};

TEST_F(Check, AcceptsWhatAddMade) {
  const auto printed = add("c1");
  EXPECT_EQ(error_of_check(with_result("c1", printed)), "");
}

TEST_F(Check, AcceptsEachOfSeveralAttachments) {
  const auto first = add("c1");
  const auto second = add("c2");
  EXPECT_EQ(error_of_check(with_result("c1", first)), "");
  EXPECT_EQ(error_of_check(with_result("c2", second)), "");
}

TEST_F(Check, NamesEveryDifference) {
  const auto asked = with_result("c1", add("c1"));
  kernel.disturb = [](wiring::Observed& observed) {
    observed.container->is_up = false;
    observed.host_gateways.clear();
  };
  EXPECT_EQ(error_of_check(asked),
            differs(R"(interface "eth0" is down; address fd00::1 is missing on interface "lo" of the host)"));
}

TEST_F(Check, MissesALinkThatIsGone) {
  const auto asked = with_result("c1", add("c1"));
  kernel.remove_links_of(attachment("c1"));
  const auto error = error_of_check(asked);
  EXPECT_NE(error.find(R"(interface "eth0" is missing)"), std::string::npos) << error;
}

TEST_F(Check, MissesAHostRoute) {
  const auto asked = with_result("c1", add("c1"));
  kernel.disturb = [](auto& observed) {
    std::erase_if(observed.host->routes, [](const auto& r) { return r.destination == prefix("10.1.2.2/32"); });
  };
  EXPECT_EQ(error_of_check(asked),
            differs("route 10.1.2.2/32 is missing on interface \"" + cni::host_interface_name(tag("c1")) + '"'));
}

TEST_F(Check, MissesARouteOfTheContainer) {
  const auto asked = with_result("c1", add("c1"));
  kernel.disturb = [](auto& observed) {
    std::erase_if(observed.container->routes, [](const auto& r) { return r.destination == prefix("0.0.0.0/0"); });
  };
  EXPECT_EQ(error_of_check(asked), differs(R"(route 0.0.0.0/0 via 10.1.2.1 is missing on interface "eth0")"));
}

TEST_F(Check, NeedsAPreviousResult) {
  add("c1");
  EXPECT_EQ(error_of_check(request("c1")), "7: /prevResult: missing: CHECK needs the result of the ADD");
}

TEST_F(Check, SaysThatAResultIsNotOfThisAttachment) {
  auto asked = with_result("c1", add("c1"));
  asked.config.previous->interfaces.at(1).name = "eth7";
  EXPECT_EQ(error_of_check(asked),
            "104: prevResult has no interface \"eth0\" of a container: it is not the result of "
            "this attachment");
}

TEST_F(Check, WantsTheMacThatTheResultNames) {
  auto asked = with_result("c1", add("c1"));
  asked.config.previous->interfaces.at(1).mac = "02:00:00:00:00:99";
  kernel.disturb = [](auto& observed) { observed.container->mac = *cni::find_mac("02:00:00:00:00:99"); };
  EXPECT_EQ(error_of_check(asked), "");
  kernel.disturb = [](auto& observed) { observed.container->mac = *cni::find_mac("02:00:00:00:00:88"); };
  EXPECT_EQ(error_of_check(asked), differs(R"(interface "eth0" has MAC 02:00:00:00:00:88 and not 02:00:00:00:00:99)"));
}

TEST_F(Check, WantsOfTheHostWhatTheRecordSays) {
  const auto asked = with_result("c1", add("c1"));
  auto changed = record("c1");
  auto wiring = wiring::find_wiring(changed.wiring).value();
  wiring.host.addresses.push_back({prefix("10.9.9.9/32"), false});
  wiring.host_gateways.push_back(ip("fd99::1"));
  changed.wiring = wiring::to_text(wiring);
  folder.records.write_pending(changed);
  EXPECT_EQ(error_of_check(asked),
            differs("address 10.9.9.9/32 is missing on interface \"" + cni::host_interface_name(tag("c1")) +
                    "\"; address fd99::1 is missing on interface \"lo\" of the host"));
}

TEST_F(Check, WantsTheLimitsOnRecordWhateverTheRuntimeTellsNow) {
  limit_rates();
  const auto printed = add("c1");
  config.bandwidth = {};
  const auto asked = with_result("c1", printed);
  EXPECT_EQ(error_of_check(asked), "");
  kernel.disturb = [](auto& observed) {
    observed.ingress_limit.reset();
    observed.redirected_to = 0;
  };
  EXPECT_EQ(error_of_check(asked),
            differs("rate limit 1000000 bytes/s with a burst of 100000 is missing on interface \"" +
                    cni::host_interface_name(tag("c1")) + "\"; interface \"" + cni::host_interface_name(tag("c1")) +
                    "\" does not redirect what the container sends to \"" + cni::ifb_name(tag("c1")) + '"'));
}

TEST_F(Check, WantsTheTuningOnRecord) {
  config.tuning = {.sysctls = {{"net.core.somaxconn", "net/core/somaxconn", "77"}}, .promiscuous = true};
  const auto printed = add("c1");
  config.tuning = {};
  const auto asked = with_result("c1", printed);
  EXPECT_EQ(error_of_check(asked), "");
  kernel.disturb = [](auto& observed) {
    observed.container->is_promiscuous = false;
    observed.sysctls.at(0).value = "78\n";
  };
  EXPECT_EQ(error_of_check(asked),
            differs(R"(interface "eth0" is not promiscuous; sysctl net/core/somaxconn is "78" and not "77")"));
}

TEST_F(Check, LeavesTheRoutesOfOtherPluginsToThem) {
  auto asked = with_result("c1", add("c1"));
  asked.config.previous->routes.push_back(test::route_to("192.168.0.0/16"));
  asked.config.previous->routes.push_back({.destination = prefix("10.88.0.0/16"), .gateway = ip("10.9.9.1")});
  EXPECT_EQ(error_of_check(asked), "");
}

TEST_F(Check, FollowsRoutesIntoATableOfTheirOwn) {
  const auto asked = with_result("c1", add("c1"));
  kernel.disturb = [](auto& observed) {
    for (auto& route : observed.container->routes) route.table = 100;
  };
  EXPECT_EQ(error_of_check(asked), "");
}

/// ADD gives an IPv4 container a link-local address only where IPv6 is on; where it is off, nothing is wrong.
TEST_F(Check, AcceptsAnIpv4ContainerWithoutIpv6) {
  config.ipam.ranges = {{test::range("10.1.2.0/29")}};
  const auto asked = with_result("c1", add("c1"));
  kernel.disturb = [](auto& observed) {
    std::erase_if(observed.container->addresses, [](const auto& p) { return p.address.family == cni::Family::ipv6; });
  };
  EXPECT_EQ(error_of_check(asked), "");
}

TEST_F(Check, AsksTheIpamToo) {
  const auto asked = with_result("c1", add("c1"));
  folder.addresses.release("net", ip("10.1.2.2"), tag("c1"));
  EXPECT_EQ(error_of_check(asked), "104: address 10.1.2.2 is not held by the attachment but by nobody");
}

TEST_F(Check, GoesByTheKernelAloneWhereTheStateFolderIsGone) {
  const auto asked = with_result("c1", add("c1"));
  EXPECT_EQ(error_of_check(asked, nullptr), "");
  kernel.disturb = [](auto& observed) { observed.container->is_up = false; };
  EXPECT_EQ(error_of_check(asked, nullptr), differs("interface \"eth0\" is down"));
}

TEST_F(Check, MissesTheRecord) {
  const auto asked = with_result("c1", add("c1"));
  folder.records.forget("net", tag("c1"));
  EXPECT_EQ(error_of_check(asked), "104: no record names the addresses of the attachment");
}

TEST_F(Check, NeedsTheNamespace) {
  const auto asked = with_result("c1", add("c1"));
  kernel.refusals["open_namespace"] = EACCES;
  EXPECT_EQ(error_of_check(asked), "open_namespace: Permission denied");
}

TEST_F(Check, ChangesNothing) {
  const auto asked = with_result("c1", add("c1"));
  kernel.asked.clear();
  error_of_check(asked);
  EXPECT_EQ(kernel.asked, std::vector<std::string>{});
  EXPECT_EQ(taken(), (std::vector<std::string>{"10.1.2.2", "fd00::2"}));
  EXPECT_TRUE(is_live("c1"));
}

}  // namespace
