#include "plugin/attachment/port_handover.hpp"

#include "test/verbs/network.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace {

class HostPortHandover : public test::NetworkTest {
 protected:
  HostPortHandover() { config.requested.port_mappings = {{.host_port = 8080, .container_port = 80}}; }

  cni::Request of_pod(const std::string& container, const std::string& name) const {
    auto pod = request(container);
    pod.args.pod_namespace = "default";
    pod.args.pod_name = name;
    return pod;
  }

  bool has_port(const std::string& container) const {
    const auto found = std::ranges::find(kernel.rules, attachment(container), &wiring::Wiring::attachment);
    return found != kernel.rules.end() && found->host_ports.has_value();
  }

  std::string error_of_add(const cni::Request& request) {
    return test::error_text([&] { add(request); });
  }

  std::chrono::milliseconds duration_of(const std::function<void()>& action) const {
    const auto start = std::chrono::steady_clock::now();
    action();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  }

  static constexpr std::chrono::milliseconds no_wait{1000};
};

TEST_F(HostPortHandover, GivesThePortToALaterContainerOfThePod) {
  add(of_pod("c1", "web-0"));
  add(of_pod("c2", "web-0"));
  EXPECT_FALSE(has_port("c1"));
  EXPECT_TRUE(has_port("c2"));
  EXPECT_TRUE(is_live("c1")) << "everything else stays until its DEL";
  EXPECT_TRUE(has_link("c1"));
  EXPECT_EQ(record("c2").pod, "default/web-0");
}

TEST_F(HostPortHandover, PassesThePortOnSeveralTimes) {
  for (const char* container : {"c1", "c2", "c3"}) add(of_pod(container, "web-0"));
  EXPECT_TRUE(has_port("c3"));
  EXPECT_FALSE(has_port("c1") || has_port("c2"));
}

TEST_F(HostPortHandover, RefusesASecondInterfaceOfTheContainer) {
  add(of_pod("c1", "web-0"));
  auto second = of_pod("c1", "web-0");
  second.attachment.interface = "net1";
  EXPECT_EQ(error_of_add(second).substr(0, 4), "106:");
  EXPECT_TRUE(has_port("c1"));
}

TEST_F(HostPortHandover, RefusesAtOnceWithoutPods) {
  add("c1");
  const auto duration = duration_of([&] { EXPECT_EQ(error_of_add(request("c2")).substr(0, 4), "106:"); });
  EXPECT_LT(duration, no_wait);
  const auto of_pod_after_container =
      duration_of([&] { EXPECT_EQ(error_of_add(of_pod("c2", "web-0")).substr(0, 4), "106:"); });
  EXPECT_LT(of_pod_after_container, no_wait);
  EXPECT_TRUE(has_port("c1"));
}

/// A name without a namespace is no pod: Podman passes the name of the container.
TEST_F(HostPortHandover, NeedsTheNamespaceOfThePod) {
  auto first = of_pod("c1", "web");
  auto second = of_pod("c2", "web");
  first.args.pod_namespace.clear();
  second.args.pod_namespace.clear();
  add(first);
  const auto duration = duration_of([&] { EXPECT_EQ(error_of_add(second).substr(0, 4), "106:"); });
  EXPECT_LT(duration, no_wait);
}

/// The lock of an ADD that is not answered yet: of two pods, the later one fails at once.
TEST_F(HostPortHandover, DoesNotWaitForAnAddInFlight) {
  add(of_pod("c1", "web-0"));
  folder.records.write_pending(record("c1"));
  const auto other_call = state::Folder::open(root, root);
  const auto lock = other_call.locks.attachment(attachment("c1"));
  const auto duration = duration_of([&] { EXPECT_EQ(error_of_add(of_pod("c2", "db-0")).substr(0, 4), "106:"); });
  EXPECT_LT(duration, no_wait);
}

TEST_F(HostPortHandover, WaitsThreeSecondsForAnotherPod) {
  add(of_pod("c1", "web-0"));
  const auto duration = duration_of([&] {
    EXPECT_EQ(error_of_add(of_pod("c2", "db-0")),
              "106: host port 8080/tcp is mapped to interface \"eth0\" of container \"c1\" of network \"net\", pod "
              "\"default/web-0\"");
  });
  EXPECT_GE(duration, std::chrono::milliseconds{2900});
  EXPECT_LT(duration, std::chrono::milliseconds{5000});
  EXPECT_TRUE(has_port("c1"));
  EXPECT_FALSE(has_record("c2"));
}

TEST_F(HostPortHandover, GivesThePortBackIfTheAddFails) {
  add(of_pod("c1", "web-0"));
  const auto fail_to_print = [](std::string_view) { throw posix::system_error(EPIPE, "write the result"); };
  EXPECT_THROW(verbs::add(of_pod("c2", "web-0"), kernel, root, fail_to_print), std::system_error);
  EXPECT_TRUE(has_port("c1"));
  EXPECT_FALSE(has_record("c2"));
}

TEST_F(HostPortHandover, LeavesThePortIfTheBuildFails) {
  add(of_pod("c1", "web-0"));
  kernel.errors["build_after_links"] = ENOMEM;
  EXPECT_NE(error_of_add(of_pod("c2", "web-0")), "");
  EXPECT_TRUE(has_port("c1"));
}

}  // namespace
