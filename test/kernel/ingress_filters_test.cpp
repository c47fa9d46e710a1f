#include "plugin/kernel/ingress_filters.hpp"

#include "plugin/kernel/packet_program.hpp"
#include "test/kernel/messages.hpp"
#include "test/support/addresses.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <cstdint>
#include <cstring>

#include <gtest/gtest.h>

namespace {

using kernel::SourceFilters;
using test::ip;

const cni::Attachment first{.network = "net1", .container = "c1", .interface = "eth0"};
const cni::Attachment second{.network = "net2", .container = "c1", .interface = "eth1"};
const cni::Attachment of_another{.network = "net1", .container = "c2", .interface = "eth0"};

tcmsg filter_header(const kernel::NetlinkRequest& request) {
  tcmsg header{};
  std::memcpy(&header, nlmsg_data(nlmsg_hdr(request.message.get())), sizeof header);
  return header;
}

std::uint32_t block_of(const cni::Attachment& attachment) {
  return filter_header(SourceFilters{attachment}.drop_others()).tcm_block_index;
}

TEST(SourceFilters, AreSharedByTheInterfacesOfAContainer) {
  EXPECT_EQ(block_of(first), block_of(second));
  EXPECT_NE(block_of(first), block_of(of_another));
  EXPECT_NE(filter_header(SourceFilters{first}.remove()).tcm_handle,
            filter_header(SourceFilters{second}.remove()).tcm_handle);
}

TEST(SourceFilters, AreRemovedAsTheyWereAdded) {
  const SourceFilters filters{first};
  const auto added = filter_header(filters.accept({ip("10.1.2.5")}));
  const auto removed = filter_header(filters.remove());
  EXPECT_EQ(std::memcmp(&added, &removed, sizeof added), 0);
}

TEST(SourceFilters, AreInTheBlockOfTheDevice) {
  const auto request = SourceFilters{first}.check_received({"vethhost", 7});
  auto* header = nlmsg_hdr(request.message.get());
  EXPECT_EQ(header->nlmsg_type, RTM_NEWQDISC);
  EXPECT_EQ(filter_header(request).tcm_ifindex, 7);
  EXPECT_EQ(nla_get_u32(nlmsg_find_attr(header, sizeof(tcmsg), TCA_INGRESS_BLOCK)), block_of(first));
}

TEST(SourceFilters, ContainTheProgramOfManySources) {
  std::vector<cni::IpAddress> sources;
  for (int i = 1; i < 200; ++i) sources.push_back(ip(("fd00::" + std::to_string(i)).c_str()));
  const auto request = SourceFilters{first}.accept(sources);
  auto* options = nlmsg_find_attr(nlmsg_hdr(request.message.get()), sizeof(tcmsg), TCA_OPTIONS);
  const auto* program = nla_find(static_cast<nlattr*>(nla_data(options)), nla_len(options), TCA_BPF_OPS);
  ASSERT_NE(program, nullptr);
  EXPECT_EQ(static_cast<std::size_t>(nla_len(program)), kernel::accept_sources(sources).size() * sizeof(sock_filter));
}

}  // namespace
