#include "plugin/vethctl/check.hpp"

#include "plugin/vethctl/commands.hpp"
#include "test/vethctl/console.hpp"
#include "test/vethctl/recorded_node.hpp"

#include <filesystem>
#include <fstream>

namespace {

using test::wanted;

struct Outcome {
  int status = 0;
  std::string text;

  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& stream, const Outcome& outcome) {
  return stream << outcome.status << ": " << outcome.text;
}

constexpr auto not_examined =
    "not looked at: eBPF programs, rules of iptables-legacy, conditions of nftables rules (vethctl probe tests them), "
    "nftables inside containers, "
    "IPsec policies, other hosts\n";

class Check : public test::RecordedNode {
 protected:
  Check() {
    std::filesystem::create_directory(conf_dir);
    configure(R"({"cniVersion": "1.0.0", "name": "net", "type": "veth",
                  "ipam": {"type": "veth-ipam", "subnet": "10.1.2.0/24"}})");
  }
  void configure(const std::string& text) const { std::ofstream{conf_dir + "/10-net.conf"} << text; }

  Outcome check(std::vector<std::string> words = {}) {
    test::Screen screen;
    words.insert(words.end(), {"--conf-dir", conf_dir});
    const auto arguments = vethctl::parse(vethctl::check_command(), words);
    const auto status = vethctl::check(arguments, screen.console(root), inspector);
    return {status, screen.printed};
  }

  std::string conf_dir = directory.path() + "/net.d";
};

TEST_F(Check, ReportsNoProblems) {
  attach(wanted("c1"));
  EXPECT_EQ(check(), (Outcome{0, std::string{"no problems: 1 attachment checked\n"} + not_examined}));
  EXPECT_EQ(check({"--output", "json"}), (Outcome{0, "[]\n"}));
}

TEST_F(Check, FailsForAFault) {
  attach(wanted("c1"));
  kernel.modify_observed = [](wiring::Observed& observed) { observed.container->is_up = false; };
  EXPECT_EQ(check(), (Outcome{1,
                              "fault: interface \"eth0\" is down\n    where: net/c1/eth0\n    to do: vethctl repair\n"
                              "1 fault: 1 attachment checked\n" +
                                  std::string{not_examined}}));
}

TEST_F(Check, ReportsTheConfigurationErrorsOfAdd) {
  configure(R"({"cniVersion": "1.0.0", "name": "net", "type": "veth", "mtuu": 1400})");
  const auto [status, text] = check();
  EXPECT_EQ(status, 1);
  EXPECT_EQ(text.find("fault: code 2: /mtuu: unknown key with value 1400: did you mean \"mtu\"?\n    where: " +
                      conf_dir + "/10-net.conf (veth)\n"),
            0U)
      << text;
}

TEST_F(Check, ReportsRangesWithoutAFreeAddress) {
  configure(R"({"cniVersion": "1.0.0", "name": "net", "type": "veth",
                "ipam": {"type": "veth-ipam", "subnet": "10.1.2.0/30", "gateway": "10.1.2.1"}})");
  EXPECT_EQ(check().status, 0);
  attach(wanted("c1"));
  ASSERT_TRUE(folder().addresses.take("net", test::ip("10.1.2.2"), cni::tag_of(wanted("c1").attachment)));
  EXPECT_NE(check().text.find("warning: no address is free: the next ADD fails\n"
                              "    where: network net, range 10.1.2.1-10.1.2.2\n"),
            std::string::npos)
      << check();
}

TEST_F(Check, WarnsOfAConfigurationThatARuntimePrefers) {
  std::ofstream{conf_dir + "/05-cilium.conflist"} << R"({"name": "cilium", "plugins": [{"type": "cilium-cni"}]})";
  const auto [status, text] = check();
  EXPECT_EQ(status, 1);
  EXPECT_NE(
      text.find("warning: a network of another plugin is used instead of that of veth: the file comes first in the "
                "order of names\n    where: " +
                conf_dir + "/05-cilium.conflist\n"),
      std::string::npos)
      << text;
  std::filesystem::rename(conf_dir + "/05-cilium.conflist", conf_dir + "/50-cilium.conflist");
  EXPECT_EQ(check().status, 0);
}

TEST_F(Check, NamesWhatItDidNotExamine) {
  attach(wanted("c1"));
  const auto lock = folder().locks.try_attachment(cni::tag_of(wanted("c1").attachment));
  const auto text = check({"net"}).text;
  EXPECT_NE(text.find(", 1 attachment that a call is changing, other networks\n"), std::string::npos) << text;
}

TEST_F(Check, SucceedsIfThereAreOnlyNotes) {
  std::filesystem::remove(conf_dir + "/10-net.conf");
  EXPECT_EQ(check(), (Outcome{0, "note: the folder contains no network configuration\n    where: " + conf_dir +
                                     "\n    to do: if the runtime reads another folder, set it with --conf-dir DIR\n"
                                     "1 note: 0 attachments checked\n" +
                                     not_examined}));
}

TEST_F(Check, FailsIfTheGivenFolderDoesNotExist) {
  std::filesystem::remove_all(conf_dir);
  EXPECT_EQ(check(),
            (Outcome{1, "fault: the folder of the network configurations does not exist\n    where: " + conf_dir +
                            "\n    to do: set --conf-dir to the folder that the runtime reads\n"
                            "1 fault: 0 attachments checked\n" +
                            not_examined}));
}

}  // namespace
