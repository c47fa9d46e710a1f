// Any input is either parsed or rejected with a cni::Error. The sequence of random numbers is the same in each run.

#include "plugin/cni/request.hpp"
#include "test/cni/failure.hpp"
#include "test/cni/samples.hpp"

#include <random>

#include <gtest/gtest.h>

namespace cni {
namespace {

class Mutations {
 public:
  std::string operator()(std::string text) {
    for (std::size_t i = below(2) + 1; i > 0 && !text.empty(); --i) mutate(text);
    return text;
  }

  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_); }

 private:
  void mutate(std::string& text) {
    const std::size_t place = below(text.size());
    switch (below(12)) {
      case 0:
        return text.resize(place);
      case 1:
        text[place] = static_cast<char>(static_cast<unsigned>(text[place]) ^ 1U << below(8));
        return;
      case 2:
      case 3:
        text[place] = static_cast<char>('0' + below(10));
        return;
      case 4:
        text[place] = static_cast<char>(below(256));
        return;
      case 5:
        text.erase(place, below(8));
        return;
      case 6:
        text.insert(place, text.substr(below(text.size()), below(32)));
        return;
      default:
        swap_case(text[place]);
    }
  }

  static void swap_case(char& character) {
    if ((character | 0x20) >= 'a' && (character | 0x20) <= 'z') character = static_cast<char>(character ^ 0x20);
  }

  std::mt19937 random_{20240229};
};

template <typename Act>
bool is_read(Act act) {
  try {
    act();
    return true;
  } catch (const Error& error) {
    EXPECT_NE(error.code, 0U);
    EXPECT_FALSE(error.message.empty());
    EXPECT_LT(error.message.size(), 4096U);
    EXPECT_NO_THROW(to_json(error, newest_version));
    return false;
  }
}

std::vector<std::string> texts() {
  std::vector<std::string> texts{
      R"({"cniVersion":"1.1.0","name":"n","type":"veth","ipam":{"type":"veth-ipam","ranges":[[{"subnet":"10.0.0.0/8",
          "exclude":["10.0.0.1/32"]}]],"routes":[{"dst":"::/0","gw":"::1","mtu":1400}],"dataDir":"/run/x"},"mtu":"auto",
          "runtimeConfig":{"ips":["10.0.0.2/8"],"mac":"02:00:00:00:00:01","dns":{"servers":["a"]}},
          "cni.dev/valid-attachments":[{"containerID":"a","ifname":"b"}]})"};
  for (const Sample& sample : read_samples()) {
    for (const std::string& text : {sample.input, sample.output}) {
      if (!text.empty()) texts.push_back(text);
    }
  }
  return texts;
}

TEST(HostileInput, IsParsedOrRejected) {
  Mutations mutated;
  const std::vector<std::string> originals = texts();
  std::size_t read = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string text = mutated(originals[i % 4 == 0 ? 0 : mutated.below(originals.size())]);
    SCOPED_TRACE(text);
    for (const Verb verb : {Verb::add, Verb::del, Verb::gc, Verb::status}) {
      read += is_read([&] { parse_network_config(text, verb, {}); }) ? 1U : 0U;
      is_read([&] { parse_ipam_request(text, verb, {}); });
    }
    is_read([&] { parse_result(text, newest_version, "x"); });
    is_read([&] { parse_error(text); });
    find_version_text(text);
    if (HasFailure()) return;
  }
  EXPECT_GT(read, 500U);  // otherwise only the JSON parser would be tested
}

TEST(HostileEnvironment, IsParsedOrRejected) {
  Mutations mutated;
  for (int i = 0; i < 2000; ++i) {
    const Environment environment{
        .command = i % 2 == 0 ? "ADD" : "DEL",
        .container_id = mutated("cnitool-0e5dabe1e352dcd22340"),
        .netns = mutated("/var/run/netns/x"),
        .ifname = mutated("eth0"),
        .args = mutated("IgnoreUnknown=1;MAC=02:11:22:33:44:55;IP=10.68.0.77,fd00::1/64;GATEWAY=::1"),
        .path = mutated("/opt/cni/bin:/b")};
    const std::string config = R"({"name":"n","type":"veth","ipam":{"type":"host-local"}})";
    is_read([&] { parse_request(environment, config, Role::plugin); });
    if (HasFailure()) return;
  }
}

TEST(HostileText, HasNoAddressPrefixMacOrTag) {
  Mutations mutated;
  for (int i = 0; i < 20000; ++i) {
    const std::string text = mutated(i % 2 == 0 ? "2001:db8::1.2.3.4/64" : "02:11:22:33:44:55");
    if (const auto address = find_address(text)) {
      EXPECT_EQ(find_address(to_string(*address)), address) << text;
    }
    if (const auto prefix = find_prefix(text)) {
      EXPECT_EQ(find_prefix(to_string(*prefix)), prefix) << text;
    }
    if (const auto mac = find_mac(text)) {
      EXPECT_EQ(find_mac(to_string(*mac)), mac) << text;
    }
    find_tag(text);
  }
}

}  // namespace
}  // namespace cni
