#include "plugin/cni/tuning.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

TEST(FindSysctlPath, ReadsNamesLikeSysctl) {
  struct Case {
    const char* key;
    const char* path;
  };
  for (const auto& [key, path] :
       {Case{"net.core.somaxconn", "net/core/somaxconn"}, Case{"net/core/somaxconn", "net/core/somaxconn"},
        Case{"net.ipv4.conf.IFNAME.arp_ignore", "net/ipv4/conf/IFNAME/arp_ignore"},
        Case{"net.ipv4.conf.eth0/100.arp_ignore", "net/ipv4/conf/eth0.100/arp_ignore"},
        Case{"net/ipv4/conf/eth0.100/arp_ignore", "net/ipv4/conf/eth0.100/arp_ignore"},
        Case{"net.ipv4.conf.e-t_h:0@1.x", "net/ipv4/conf/e-t_h:0@1/x"}}) {
    EXPECT_EQ(cni::find_sysctl_path(key), path) << key;
  }
}

TEST(FindSysctlPath, StaysBelowNet) {
  for (const std::string key : {"",
                                "net",
                                "net.",
                                "net/",
                                "kernel.hostname",
                                "kernel/hostname",
                                "net../kernel.hostname",
                                "net/../kernel/hostname",
                                "net/ipv4/../../kernel/hostname",
                                "/net/ipv4/ip_forward",
                                "/proc/sys/net/ipv4/ip_forward",
                                ".net.ipv4.ip_forward",
                                "net..ipv4.ip_forward",
                                "net//ipv4",
                                "net/./ipv4",
                                "net.ipv4.",
                                "net/ipv4/",
                                "net.ipv4.conf.../..",
                                "net.//.x",
                                "networks.x",
                                "NET.ipv4.ip_forward",
                                "net.ipv4.conf.e h.x",
                                "net.ipv4.x\n",
                                "net.ipv4.*",
                                "net.ipv4.\xc3\xa4",
                                "net/ipv4/conf/..",
                                "net.ipv4.conf.//"}) {
    EXPECT_EQ(cni::find_sysctl_path(key), std::nullopt) << key;
  }
  EXPECT_EQ(cni::find_sysctl_path(std::string{"net.core.x\0y", 12}), std::nullopt);
}

TEST(DefaultSysctls, BelongToTheContainer) {
  for (const char* path :
       {"net/core/somaxconn", "net/ipv4/conf/IFNAME/arp_ignore", "net/ipv4/conf/all/rp_filter", "net/ipv4/tcp_rmem",
        "net/ipv4/ip_local_port_range", "net/ipv4/ip_unprivileged_port_start", "net/ipv4/ping_group_range",
        "net/ipv6/conf/IFNAME/accept_ra", "net/ipv6/neigh/IFNAME/retrans_time_ms", "net/ipv6/bindv6only",
        "net/unix/max_dgram_qlen", "net/netfilter/nf_conntrack_udp_timeout"}) {
    EXPECT_TRUE(cni::is_default_sysctl(path)) << path;
  }
}

TEST(DefaultSysctls, ExcludeAllOthers) {
  for (const char* path :
       {"net", "net/core/rmem_max", "net/core/somaxconn2", "net/core/bpf_jit_enable", "net/ipv4/conf/IFNAME",
        "net/ipv4/conf/IFNAME/a/b", "net/ipv4/route/flush", "net/bridge/bridge-nf-call-iptables", "net/ipv4/vs/expire",
        "net/netfilter/nf_log/2", "net/netfilter/nf_log_all_netns", "net/ipv4/xfrm4_gc_thresh", "net/ipv4/tcp_x/y",
        "net/ipv4/ipfrag_high_thresh", "net/ipv6/route/max_size", "net/unix/x"}) {
    EXPECT_FALSE(cni::is_default_sysctl(path)) << path;
  }
}

}  // namespace
