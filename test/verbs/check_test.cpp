#include "plugin/verbs/check.hpp"

#include "test/verbs/network.hpp"

#include <cerrno>

namespace {

using test::ip;
using test::prefix;

class Check : public test::NetworkTest {
 protected:
  /// "<code>: <message>; <details>", as libcni prints it.
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
    return "104: the attachment differs from what ADD created; " + difference;
  }
};

TEST_F(Check, AcceptsWhatAddCreated) {
  const auto printed = add("c1");
  EXPECT_EQ(error_of_check(with_result("c1", printed)), "");
}

TEST_F(Check, AcceptsEachOfSeveralAttachments) {
  const auto first = add("c1");
  const auto second = add("c2");
  EXPECT_EQ(error_of_check(with_result("c1", first)), "");
  EXPECT_EQ(error_of_check(with_result("c2", second)), "");
}

TEST_F(Check, ReportsEveryDifference) {
  const auto request = with_result("c1", add("c1"));
  kernel.modify_observed = [](wiring::Observed& observed) {
    observed.container->is_up = false;
    observed.host_gateways.clear();
  };
  EXPECT_EQ(error_of_check(request),
            differs(R"(interface "eth0" is down; address fd00::1 is missing on interface "lo" of the host)"));
}

TEST_F(Check, ReportsAMissingLink) {
  const auto request = with_result("c1", add("c1"));
  kernel.remove_links_of(attachment("c1"));
  const auto error = error_of_check(request);
  EXPECT_NE(error.find(R"(interface "eth0" is missing)"), std::string::npos) << error;
}

TEST_F(Check, ReportsAMissingHostRoute) {
  const auto request = with_result("c1", add("c1"));
  kernel.modify_observed = [](auto& observed) {
    std::erase_if(observed.host->routes, [](const auto& r) { return r.destination == prefix("10.1.2.2/32"); });
  };
  EXPECT_EQ(error_of_check(request),
            differs("route 10.1.2.2/32 is missing on interface \"" + cni::host_interface_name(tag("c1")) + '"'));
}

TEST_F(Check, ReportsAMissingRouteOfTheContainer) {
  const auto request = with_result("c1", add("c1"));
  kernel.modify_observed = [](auto& observed) {
    std::erase_if(observed.container->routes, [](const auto& r) { return r.destination == prefix("0.0.0.0/0"); });
  };
  EXPECT_EQ(error_of_check(request), differs(R"(route 0.0.0.0/0 via 10.1.2.1 is missing on interface "eth0")"));
}

TEST_F(Check, NeedsAPreviousResult) {
  add("c1");
  EXPECT_EQ(error_of_check(request("c1")), "7: /prevResult: missing: CHECK needs the result of the ADD");
}

TEST_F(Check, RejectsAResultOfAnotherAttachment) {
  auto request = with_result("c1", add("c1"));
  request.config.previous->interfaces.at(1).name = "eth7";
  EXPECT_EQ(error_of_check(request),
            "104: /prevResult contains no interface \"eth0\" with a sandbox: pass the result of the ADD of "
            "this attachment");
}

TEST_F(Check, ExpectsTheMacOfTheResult) {
  auto request = with_result("c1", add("c1"));
  request.config.previous->interfaces.at(1).mac = "02:00:00:00:00:99";
  kernel.modify_observed = [](auto& observed) { observed.container->mac = *cni::find_mac("02:00:00:00:00:99"); };
  EXPECT_EQ(error_of_check(request), "");
  kernel.modify_observed = [](auto& observed) { observed.container->mac = *cni::find_mac("02:00:00:00:00:88"); };
  EXPECT_EQ(error_of_check(request),
            differs(R"(interface "eth0" has MAC 02:00:00:00:00:88, expected 02:00:00:00:00:99)"));
}

TEST_F(Check, ExpectsTheHostPartOfTheRecord) {
  const auto request = with_result("c1", add("c1"));
  auto changed = record("c1");
  auto wiring = wiring::find_wiring(changed.wiring).value();
  wiring.host.addresses.push_back({prefix("10.9.9.9/32"), false});
  wiring.host_gateways.push_back(ip("fd99::1"));
  changed.wiring = wiring::to_text(wiring);
  folder.records.write_pending(changed);
  EXPECT_EQ(error_of_check(request),
            differs("address 10.9.9.9/32 is missing on interface \"" + cni::host_interface_name(tag("c1")) +
                    "\"; address fd99::1 is missing on interface \"lo\" of the host"));
}

TEST_F(Check, ExpectsTheLimitsOfTheRecord) {
  limit_rates();
  const auto printed = add("c1");
  config.bandwidth = {};
  const auto request = with_result("c1", printed);
  EXPECT_EQ(error_of_check(request), "");
  kernel.modify_observed = [](auto& observed) {
    observed.ingress_limit.reset();
    observed.redirected_to = 0;
  };
  EXPECT_EQ(error_of_check(request),
            differs("rate limit 1000000 bytes/s with a burst of 100000 is missing on interface \"" +
                    cni::host_interface_name(tag("c1")) + "\"; interface \"" + cni::host_interface_name(tag("c1")) +
                    "\" does not redirect what the container sends to \"" + cni::ifb_name(tag("c1")) + '"'));
}

TEST_F(Check, ExpectsTheSizesOfLargePacketsOfTheRecord) {
  config.big_tcp = true;
  kernel.node.uplink_big_tcp = {.gso_ipv4_max_size = 180'000};
  const auto printed = add("c1");
  kernel.node.uplink_big_tcp = {.gso_ipv4_max_size = 200'000};
  const auto request = with_result("c1", printed);
  EXPECT_EQ(error_of_check(request), "") << "the uplink was raised later";
  EXPECT_EQ(error_of_check(request, nullptr), "") << "only the record contains them";
  kernel.modify_observed = [](auto& observed) { observed.container->big_tcp.gso_ipv4_max_size = 65536; };
  EXPECT_EQ(error_of_check(request),
            differs("interface \"eth0\" has gso_ipv4_max_size 65536, expected gso_ipv4_max_size 180000"));
}

TEST_F(Check, ExpectsTheSourceCheckOfTheRecord) {
  const auto printed = add("c1");
  config.check_sources = false;
  const auto asked = with_result("c1", printed);
  EXPECT_EQ(error_of_check(asked), "");
  kernel.modify_observed = [](auto& observed) { observed.checks_sources = false; };
  EXPECT_EQ(error_of_check(asked),
            differs("interface \"" + cni::host_interface_name(tag("c1")) +
                    "\" does not drop packets from other sources than the container's addresses"));
}

TEST_F(Check, ExpectsTheTuningOfTheRecord) {
  config.tuning = {.sysctls = {{"net.core.somaxconn", "net/core/somaxconn", "77"}}, .promiscuous = true};
  const auto printed = add("c1");
  config.tuning = {};
  const auto request = with_result("c1", printed);
  EXPECT_EQ(error_of_check(request), "");
  kernel.modify_observed = [](auto& observed) {
    observed.container->is_promiscuous = false;
    observed.sysctls.at(0).value = "78\n";
  };
  EXPECT_EQ(error_of_check(request),
            differs(R"(interface "eth0" is not promiscuous; sysctl net/core/somaxconn is "78", expected "77")"));
}

TEST_F(Check, IgnoresTheRoutesOfOtherPlugins) {
  auto request = with_result("c1", add("c1"));
  request.config.previous->routes.push_back(test::route_to("192.168.0.0/16"));
  request.config.previous->routes.push_back({.destination = prefix("10.88.0.0/16"), .gateway = ip("10.9.9.1")});
  EXPECT_EQ(error_of_check(request), "");
}

TEST_F(Check, AcceptsRoutesThatWereMovedToAnotherTable) {
  const auto request = with_result("c1", add("c1"));
  kernel.modify_observed = [](auto& observed) {
    for (auto& route : observed.container->routes) route.table = 100;
  };
  EXPECT_EQ(error_of_check(request), "");
}

/// ADD adds a link-local address to an IPv4 container only if IPv6 is enabled.
TEST_F(Check, AcceptsAnIpv4ContainerWithoutIpv6) {
  config.ipam.ranges = {{test::range("10.1.2.0/29")}};
  const auto request = with_result("c1", add("c1"));
  kernel.modify_observed = [](auto& observed) {
    std::erase_if(observed.container->addresses, [](const auto& p) { return p.address.family == cni::Family::ipv6; });
  };
  EXPECT_EQ(error_of_check(request), "");
}

TEST_F(Check, ChecksTheIpamToo) {
  const auto request = with_result("c1", add("c1"));
  folder.addresses.release("net", ip("10.1.2.2"), tag("c1"));
  EXPECT_EQ(error_of_check(request), "104: address 10.1.2.2 is not held by any attachment");
}

TEST_F(Check, ChecksOnlyTheKernelWithoutAStateFolder) {
  const auto request = with_result("c1", add("c1"));
  EXPECT_EQ(error_of_check(request, nullptr), "");
  kernel.modify_observed = [](auto& observed) { observed.container->is_up = false; };
  EXPECT_EQ(error_of_check(request, nullptr), differs("interface \"eth0\" is down"));
}

TEST_F(Check, ReportsAMissingRecord) {
  const auto request = with_result("c1", add("c1"));
  folder.records.remove("net", tag("c1"));
  EXPECT_EQ(error_of_check(request), "104: the record of the attachment is missing");
}

TEST_F(Check, NeedsTheNamespace) {
  const auto request = with_result("c1", add("c1"));
  kernel.errors["open_namespace"] = EACCES;
  EXPECT_EQ(error_of_check(request), "open_namespace: Permission denied");
}

TEST_F(Check, ChangesNothing) {
  const auto request = with_result("c1", add("c1"));
  kernel.calls.clear();
  error_of_check(request);
  EXPECT_EQ(kernel.calls, std::vector<std::string>{});
  EXPECT_EQ(taken(), (std::vector<std::string>{"10.1.2.2", "fd00::2"}));
  EXPECT_TRUE(is_live("c1"));
}

}  // namespace
