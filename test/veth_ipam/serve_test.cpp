#include "plugin/veth_ipam/serve.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/result.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/state/folder.hpp"
#include "test/support/error_text.hpp"
#include "test/verbs/data_dir.hpp"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

using Texts = std::vector<std::string>;

/// veth-ipam called by another plugin.
class VethIpam : public test::DataDir {
 protected:
  /// Returns what the call prints. `more` are further members of the configuration.
  std::string serve(const std::string& command, const std::string& container, const std::string& more = {}) const {
    std::string printed;
    veth_ipam::serve(call(command, container, more), [&](std::string_view text) { printed += text; });
    return printed;
  }
  std::string error_of(const std::string& command, const std::string& container, const std::string& more = {}) const {
    return test::error_text([&] { serve(command, container, more); });
  }
  cni::Call call(const std::string& command, const std::string& container, const std::string& more) const {
    cni::Call call;
    call.environment.command = command;
    call.environment.container_id = container;
    call.environment.ifname = "eth0";
    call.environment.netns = "/run/netns/" + container;
    call.environment.path = "/opt/cni/bin";
    call.input = R"({"cniVersion":"1.1.0","name":"net","type":"bridge","ipam":{"type":"veth-ipam","dataDir":")" + root +
                 R"(","ranges":[[{"subnet":"10.1.2.0/29","rangeStart":"10.1.2.2","rangeEnd":"10.1.2.3"}]],)" +
                 R"("routes":[{"dst":"0.0.0.0/0"}],"dns":{"domain":"example.org"}})" + more + "}";
    return call;
  }
  static cni::Tag tag(const std::string& container) { return cni::tag_of({"net", container, "eth0"}); }
  std::optional<state::StoredRecord> record(const std::string& container) const {
    return folder->records.find("net", tag(container));
  }
  Texts taken() const {
    Texts texts;
    for (const auto& address : folder->addresses.list_addresses("net")) texts.push_back(cni::to_string(address));
    return texts;
  }
};

TEST_F(VethIpam, ReturnsAddressesWithoutAnInterface) {
  const auto result = cni::parse_result(serve("ADD", "c1"), cni::Version::v1_1_0, "the result");
  EXPECT_TRUE(result.interfaces.empty());
  ASSERT_EQ(result.addresses.size(), 1U);
  EXPECT_FALSE(result.addresses[0].interface.has_value());
  EXPECT_EQ(cni::to_string(result.addresses[0].address), "10.1.2.2/29");
  EXPECT_EQ(cni::to_string(result.addresses[0].gateway.value()), "10.1.2.1");
  ASSERT_EQ(result.routes.size(), 1U);
  EXPECT_EQ(result.dns.domain, "example.org");
}

TEST_F(VethIpam, RecordsTheLeaseAsLiveWithoutAnInterface) {
  serve("ADD", "c1");
  const auto stored = record("c1");
  ASSERT_TRUE(stored && stored->record);
  EXPECT_TRUE(stored->stage == state::Stage::live);
  EXPECT_FALSE(stored->record->host_interface.has_value());
}

TEST_F(VethIpam, RejectsASecondAdd) {
  serve("ADD", "c1");
  EXPECT_EQ(error_of("ADD", "c1"),
            "101: interface \"eth0\" of container \"c1\" already has addresses of network \"net\"");
  EXPECT_EQ(taken(), Texts{"10.1.2.2"});
}

TEST_F(VethIpam, ReplacesTheLeaseOfAnUnfinishedAdd) {
  serve("ADD", "c1");
  folder->records.write_pending(record("c1").value().record.value());
  serve("ADD", "c1");
  EXPECT_EQ(taken(), Texts{"10.1.2.3"});
}

TEST_F(VethIpam, ReleasesTheLeaseWhenTheResultCannotBeWritten) {
  const auto failing = [](std::string_view) { throw posix::system_error(EPIPE, "write"); };
  EXPECT_EQ(test::error_text([&] { veth_ipam::serve(call("ADD", "c1", ""), failing); }), "write: Broken pipe");
  EXPECT_EQ(taken(), Texts{});
  EXPECT_FALSE(record("c1").has_value());
}

TEST_F(VethIpam, ReleasesTheLeaseWithDel) {
  serve("ADD", "c1");
  serve("ADD", "c2");
  EXPECT_EQ(error_of("DEL", "c1"), "");
  EXPECT_EQ(taken(), Texts{"10.1.2.3"});
  EXPECT_FALSE(record("c1").has_value());
}

TEST_F(VethIpam, AcceptsASecondDel) {
  EXPECT_EQ(error_of("DEL", "c1"), "");
  EXPECT_EQ(error_of("DEL", "c1"), "");
}

/// An ADD that is killed while it writes its record leaves the temporary file of the record.
TEST_F(VethIpam, RemovesTheUnfinishedRecordWithDel) {
  serve("ADD", "c1");
  const auto pending = std::filesystem::path{folder->path()} / "net" / "pending";
  std::filesystem::remove(pending.parent_path() / "live" / cni::to_string(tag("c1")));
  std::filesystem::remove(pending.parent_path() / "addresses" / "10.1.2.2");
  const auto unfinished = pending / ("." + cni::to_string(tag("c1")));
  std::ofstream{unfinished} << "half";
  EXPECT_EQ(error_of("DEL", "c1"), "");
  EXPECT_FALSE(std::filesystem::exists(unfinished));
}

TEST_F(VethIpam, ChecksTheHeldAddresses) {
  const std::string previous =
      R"(,"prevResult":{"cniVersion":"1.1.0","ips":[{"address":"10.1.2.2/29","gateway":"10.1.2.1"}]})";
  serve("ADD", "c1");
  EXPECT_EQ(error_of("CHECK", "c1", previous), "");
  folder->addresses.release("net", *cni::find_address("10.1.2.2"), tag("c1"));
  EXPECT_EQ(error_of("CHECK", "c1", previous), "104: address 10.1.2.2 is not held by any attachment");
}

TEST_F(VethIpam, ReleasesLeasesThatAreNotValid) {
  serve("ADD", "c1");
  serve("ADD", "c2");
  EXPECT_EQ(error_of("GC", "", R"(,"cni.dev/valid-attachments":[{"containerID":"c2","ifname":"eth0"}])"), "");
  EXPECT_EQ(taken(), Texts{"10.1.2.3"});
  EXPECT_FALSE(record("c1").has_value());
  EXPECT_TRUE(record("c2").has_value());
}

TEST_F(VethIpam, KeepsALeaseInFlight) {
  serve("ADD", "c1");
  const auto lock = folder->locks.try_attachment(tag("c1"));
  EXPECT_EQ(error_of("GC", "", R"(,"cni.dev/valid-attachments":[])"),
            "11: another call holds the lock of a stale lease");
  EXPECT_EQ(taken(), Texts{"10.1.2.2"});
  EXPECT_TRUE(record("c1").has_value());
}

TEST_F(VethIpam, WaitsForALeaseThatIsLockedBriefly) {
  serve("ADD", "c1");
  std::optional lock{folder->locks.try_attachment(tag("c1"))};
  std::thread holder{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    lock.reset();
  }};
  EXPECT_EQ(error_of("GC", "", R"(,"cni.dev/valid-attachments":[])"), "");
  holder.join();
  EXPECT_EQ(taken(), Texts{});
}

TEST_F(VethIpam, ReleasesNothingWithoutAList) {
  serve("ADD", "c1");
  EXPECT_EQ(error_of("GC", ""), "");
  EXPECT_EQ(taken(), Texts{"10.1.2.2"});
}

TEST_F(VethIpam, IsReadyWhileThereIsAFreeAddress) {
  serve("ADD", "c1");
  EXPECT_EQ(error_of("STATUS", ""), "");
}

/// With the error code of the specification.
TEST_F(VethIpam, IsNotReadyWhenThePoolIsFull) {
  serve("ADD", "c1");
  serve("ADD", "c2");
  const auto error = error_of("STATUS", "");
  EXPECT_EQ(error.substr(0, 4), "50: ") << error;
  EXPECT_NE(error.find("no IP addresses available in range set 10.1.2.2-10.1.2.3"), std::string::npos) << error;
}

TEST_F(VethIpam, SucceedsWithoutAStateFolder) {
  std::filesystem::remove_all(root);
  EXPECT_EQ(error_of("DEL", "c1"), "");
  EXPECT_EQ(error_of("GC", "", R"(,"cni.dev/valid-attachments":[])"), "");
  EXPECT_FALSE(std::filesystem::exists(root));
}

}  // namespace
