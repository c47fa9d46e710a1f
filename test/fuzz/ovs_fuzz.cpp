// Messages of the database of Open vSwitch, and the results in them.
#include "plugin/ovs/replies.hpp"
#include "test/fuzz/input.hpp"

#include <string>
#include <string_view>

namespace fuzz {
namespace {

void check_results(const std::string& results) {
  ovs::find_refusal(results);
  ovs::read_added(results);
  ovs::read_interface_state(results);
  ovs::read_configuration_number(results);
  ovs::read_bridge_exists(results);
  const auto removed = ovs::read_removed(results);
  expect(!removed || removed->count <= results.size(), "a removed port has a result");
  for (const auto& port : ovs::read_ports(results)) expect(!port.uuid.empty(), "a port has a UUID");
  allow_cni_error([&] { ovs::read_port(results); });
}

}  // namespace

void check_input(std::string_view text) {
  check_results(std::string{text});
  allow_cni_error([&] {
    const auto length = ovs::message_length(text);
    expect(!length || *length <= text.size(), "a message ends in the text");
    if (!length) return;
    const auto message = ovs::read_message(text.substr(0, *length));
    check_results(message.results);
  });
}

}  // namespace fuzz
