#include "plugin/roles/role.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace {

TEST(Roles, FollowFromTheFileNameOfTheProgram) {
  for (const std::string_view name : {"veth", "ptp", "bridge", "veth-ipam", "host-local", "static", "portmap",
                                      "bandwidth", "tuning", "loopback", "netavark-veth"}) {
    EXPECT_EQ(roles::role_of(name).name, name);
    EXPECT_EQ(roles::role_of("/opt/cni/bin/" + std::string{name}).name, name);
  }
}

TEST(Roles, ANameWithoutARoleIsVeth) {
  for (const std::string_view program : {"", "/", "veth-cni", "/opt/bridge/x", "ptp.old", "PTP"}) {
    EXPECT_EQ(roles::role_of(program).name, "veth") << program;
  }
}

TEST(Roles, NamesOfReferencePluginsStandForTheirMode) {
  EXPECT_EQ(roles::role_of("ptp").dialect.reference_mode, cni::Mode::ptp);
  EXPECT_EQ(roles::role_of("bridge").dialect.reference_mode, cni::Mode::bridge);
  EXPECT_FALSE(roles::role_of("veth").dialect.is_reference());
}

}  // namespace
