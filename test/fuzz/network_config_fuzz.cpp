// The network configuration on standard input, and the log settings in it.
#include "plugin/cni/log_config.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/cni/version.hpp"
#include "test/fuzz/input.hpp"

namespace fuzz {
namespace {

void check_log_settings(std::string_view text) {
  const auto log = cni::find_log_target(text);
  if (!log) return;
  expect(cni::may_have_log_key(text), "a configuration with a log is not skipped by the quick test");
  const auto& file = log->log.file;
  const auto folder = file.substr(0, file.rfind('/'));
  expect(folder == "/var/log/veth-cni" || folder == "/run/veth-cni", "a log is in a permitted folder");
  expect(file.ends_with(".log"), "the name of a log ends in .log");
}

}  // namespace

void check_input(std::string_view text) {
  check_log_settings(text);
  cni::find_version_text(text);
  for (const auto verb : {cni::Verb::add, cni::Verb::check, cni::Verb::del, cni::Verb::gc, cni::Verb::status}) {
    allow_cni_error([&] { cni::parse_network_config(text, verb, {}); });
    allow_cni_error([&] { cni::parse_ipam_request(text, verb, {}); });
    allow_cni_error([&] { cni::parse_common_config(text, verb); });
  }
}

}  // namespace fuzz
