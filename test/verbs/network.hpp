#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/cni/result.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/verbs/add.hpp"
#include "plugin/wiring/text.hpp"
#include "test/support/addresses.hpp"
#include "test/support/error_text.hpp"
#include "test/support/fake_inspector.hpp"
#include "test/support/fake_kernel.hpp"
#include "test/support/temporary_directory.hpp"

#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace test {

inline cni::RangeConfig range(std::string_view subnet, std::string_view start = {}, std::string_view end = {}) {
  return {.subnet = prefix(subnet), .range_start = cni::find_address(start), .range_end = cni::find_address(end)};
}

inline cni::Route route_to(std::string_view destination) { return {.destination = prefix(destination)}; }

/// The network "net" with five addresses of each family, a temporary state folder and a fake kernel.
class NetworkTest : public testing::Test {
 protected:
  cni::Request request(const std::string& container) const {
    cni::Request request;
    request.attachment = {.network = "net", .container = container, .interface = "eth0"};
    request.netns = "/run/netns/" + container;
    request.plugin_path = {directory.path()};
    request.config = config;
    return request;
  }
  cni::Attachment attachment(const std::string& container) const { return request(container).attachment; }
  cni::Tag tag(const std::string& container) const { return cni::tag_of(attachment(container)); }

  /// Runs ADD; returns what it prints.
  std::string add(const std::string& container) { return add(request(container)); }
  std::string add(const cni::Request& request) {
    std::string printed;
    verbs::add(request, kernel, root, [&](std::string_view text) { printed += text; });
    return printed;
  }
  std::string error_of_add(const std::string& container) {
    return error_text([&] { add(container); });
  }

  /// A request with the result of its ADD, as for CHECK.
  cni::Request with_result(const std::string& container, const std::string& printed) const {
    auto request = this->request(container);
    request.config.previous = cni::parse_result(printed, cni::Version::v1_1_0, "the result");
    return request;
  }

  /// Creates the state that an ADD leaves if it is killed before the build: the addresses and the pending record.
  void leave_killed_add(const std::string& container, const std::vector<std::string>& addresses,
                        const wiring::Wiring& wiring = {}) {
    state::Record record{.attachment = attachment(container), .netns = "/run/netns/" + container};
    for (const auto& address : addresses) {
      record.addresses.push_back(ip(address));
      folder.addresses.take("net", ip(address), tag(container));
    }
    record.host_interface = state::HostInterface{.name = cni::host_interface_name(tag(container))};
    record.wiring = wiring::to_text(wiring);
    folder.records.write_pending(record);
  }

  /// Creates what `vethctl import` leaves: an interface of another plugin, and a live record of it.
  void import_attachment(const std::string& container, const std::string& address, const std::string& interface) {
    kernel.pairs.push_back({{.index = 77, .name = interface, .alias = ""}, {}});
    folder.records.write_pending({.attachment = attachment(container),
                                  .netns = "/run/netns/" + container,
                                  .addresses = {ip(address)},
                                  .host_interface = state::HostInterface{.name = interface, .index = 77}});
    folder.addresses.take("net", ip(address), tag(container));
    folder.records.mark_live(attachment(container));
  }

  void corrupt_record(const std::string& stage, const std::string& container) const {
    std::ofstream{folder.path() + "/net/" + stage + "/" + cni::to_string(tag(container))} << "no record";
  }

  /// Installs a delegate: a shell script that also writes the verbs of its calls to a file.
  void install_delegate(const std::string& script) {
    config.ipam = {.type = "delegate"};
    const auto path = directory.path() + "/delegate";
    std::ofstream{path} << "#!/bin/sh\necho $CNI_COMMAND >>" << directory.path() << "/verbs\n" << script << '\n';
    ::chmod(path.c_str(), 0755);
  }
  std::string verbs_of_delegate() const {
    std::ifstream file{directory.path() + "/verbs"};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

  std::vector<std::string> taken() const {
    std::vector<std::string> texts;
    for (const auto& address : folder.addresses.list_addresses("net")) texts.push_back(cni::to_string(address));
    return texts;
  }
  bool is_live(const std::string& container) const {
    const auto stored = folder.records.find(attachment(container));
    return stored && stored->stage == state::Stage::live;
  }
  /// Throws std::bad_optional_access if no readable record exists.
  state::Record record(const std::string& container) const {
    return folder.records.find(attachment(container)).value().record.value();
  }
  bool has_record(const std::string& container) const { return folder.records.find(attachment(container)).has_value(); }
  /// Attachments that are added from now on have a rate limit in each direction.
  void limit_rates() {
    config.bandwidth = {.ingress = cni::Rate{.bits_per_second = 8'000'000, .burst_bits = 800'000},
                        .egress = cni::Rate{.bits_per_second = 16'000'000, .burst_bits = 800'000}};
  }
  bool has_link(const std::string& container) { return kernel.find_link(attachment(container)) != nullptr; }

  /// Expects that no link, rule, address, record or gateway exists.
  void expect_nothing_left() const {
    EXPECT_TRUE(kernel.pairs.empty());
    EXPECT_TRUE(kernel.rules.empty());
    EXPECT_TRUE(kernel.ifb_devices.empty());
    EXPECT_EQ(taken(), std::vector<std::string>{});
    EXPECT_FALSE(folder.records.has_any("net"));
    EXPECT_TRUE(kernel.host_gateways.empty());
  }

  TemporaryDirectory directory;
  std::string root = directory.path() + "/root";
  state::Folder folder = state::Folder::open(root, root);
  FakeKernel kernel;
  FakeInspector inspector{kernel};
  FakeRepairer repairer{kernel};
  cni::NetworkConfig config = [] {
    cni::NetworkConfig configured;
    configured.version = cni::Version::v1_1_0;
    configured.name = "net";
    configured.ipam.type = "veth-ipam";
    configured.ipam.ranges = {{range("10.1.2.0/29")}, {range("fd00::/125", "fd00::2", "fd00::6")}};
    configured.ipam.routes = {route_to("0.0.0.0/0"), route_to("::/0")};
    return configured;
  }();
};

}  // namespace test
