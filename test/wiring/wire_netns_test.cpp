#include "plugin/wiring/wire_netns.hpp"

#include "test/support/addresses.hpp"
#include "test/support/error_text.hpp"
#include "test/support/wiring_words.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace {

using test::prefix;
using test::words;
using Lines = std::vector<std::string>;

cni::Request netns_request() {
  cni::Request request;
  request.attachment = {.network = "net", .container = "net0", .interface = "eth0"};
  request.config.mode = cni::Mode::netns;
  request.config.peer = {.netns = "/run/netns/net1", .interface = "eth1", .addresses = {prefix("192.168.10.2/24")}};
  return request;
}

const cni::Lease netns_lease{.addresses = {{prefix("192.168.10.1/24")}}};

std::string link_local(const wiring::End& end) { return cni::to_string(cni::link_local_address(end.mac)); }

TEST(WireNetns, GivesEachEndItsAddressesAndNothingElse) {
  const auto wiring = wiring::wire_netns(netns_request(), netns_lease, 1500);
  EXPECT_EQ(wiring.container.name, "eth0");
  EXPECT_EQ(wiring.host.name, "eth1");
  EXPECT_EQ(wiring.peer_netns, "/run/netns/net1");
  EXPECT_EQ(words(wiring.container.addresses), (Lines{link_local(wiring.container) + "/64", "192.168.10.1/24"}));
  EXPECT_EQ(words(wiring.host.addresses), (Lines{link_local(wiring.host) + "/64", "192.168.10.2/24"}));
  EXPECT_TRUE(wiring.container.routes.empty() && wiring.host.routes.empty());
  EXPECT_FALSE(wiring.forward_ipv4 || wiring.forward_ipv6) << "the host does not forward the packets";
}

TEST(WireNetns, GivesEachEndNeighbourEntriesForTheOther) {
  const auto wiring = wiring::wire_netns(netns_request(), netns_lease, 1500);
  const auto mac = cni::to_string(wiring.host.mac);
  EXPECT_EQ(words(wiring.container.neighbours),
            (Lines{link_local(wiring.host) + " lladdr " + mac, "192.168.10.2 lladdr " + mac}));
  EXPECT_EQ(words(wiring.host.neighbours).back(), "192.168.10.1 lladdr " + cni::to_string(wiring.container.mac));
}

TEST(WireNetns, RoutesToTheOtherEndWithoutAGateway) {
  auto request = netns_request();
  request.config.peer.routes = {{.destination = prefix("10.1.0.0/16")}};
  auto given = netns_lease;
  given.routes = {{.destination = prefix("10.2.0.0/16")}};
  const auto wiring = wiring::wire_netns(request, given, 1500);
  EXPECT_EQ(words(wiring.container.routes), (Lines{"10.2.0.0/16 via 192.168.10.2"}));
  EXPECT_EQ(words(wiring.host.routes), (Lines{"10.1.0.0/16 via 192.168.10.1"}));
}

TEST(WireNetns, NeedsNoAddresses) {
  auto request = netns_request();
  request.config.peer.addresses.clear();
  const auto wiring = wiring::wire_netns(request, {}, 1500);
  EXPECT_EQ(wiring.container.addresses.size(), 1U) << "only the link-local address";
}

TEST(WireNetns, RejectsAnAddressThatThePeerCannotHave) {
  auto request = netns_request();
  request.config.peer.addresses = {prefix("127.0.0.1/8")};
  EXPECT_EQ(test::error_text([&] { wiring::wire_netns(request, netns_lease, 1500); }),
            "7: address 127.0.0.1/8 cannot be assigned to a container");
}

}  // namespace
