#include "integration/support/call.hpp"

#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace support {
namespace {

std::string find_executable(const std::string& name, const std::string& path) {
  std::istringstream folders{path};
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (const auto file = std::filesystem::path{folder} / name; std::filesystem::exists(file)) return file;
  }
  throw std::runtime_error("no executable " + name + " in " + path);
}

json find_json(const std::string& text) {
  auto value = json::parse(text, nullptr, false);
  return value.is_discarded() ? json{} : value;
}

Call call_for(const char* command, const Container& container, json config, const json& result) {
  if (!result.is_null()) config["prevResult"] = result;
  return {.command = command,
          .container = container.id,
          .netns = container.netns.path(),
          .interface = container.interface,
          .config = std::move(config)};
}

const json* find_address(const json& result, int family) {
  if (!result.is_object() || !result.contains("ips")) return nullptr;
  for (const auto& entry : result.at("ips")) {
    const bool is_ipv6 = entry.at("address").get<std::string>().find(':') != std::string::npos;
    if (is_ipv6 == (family == 6)) return &entry;
  }
  return nullptr;
}

json with_tested_device(json config) {
  const char* device = std::getenv("VETH_TEST_DEVICE");
  const bool is_ptp = config.is_object() && config.value("type", "") == "veth" && config.value("mode", "ptp") == "ptp";
  if (device != nullptr && is_ptp && !config.contains("device")) config["device"] = device;
  return config;
}

}  // namespace

std::ostream& operator<<(std::ostream& stream, const Answer& answer) {
  return stream << "exit " << answer.exit << "\nstdout: " << answer.out << "\nstderr: " << answer.err;
}

int code_of(const Answer& answer) { return answer.result.is_object() ? answer.result.value("code", 0) : 0; }

std::string executables() {
  const char* other = std::getenv("VETH_BIN_DIR");
  return other != nullptr ? other : VETH_BIN_DIR;
}

Outcome vethctl(std::vector<std::string> arguments, const std::string& input) {
  arguments.insert(arguments.begin(), executables() + "/vethctl");
  return run({.argv = std::move(arguments), .input = input});
}

std::string default_path() { return executables() + ":" + reference_plugins; }

std::vector<std::string> environment_of(const Call& call) {
  return {"CNI_COMMAND=" + call.command, "CNI_CONTAINERID=" + call.container,
          "CNI_NETNS=" + call.netns,     "CNI_IFNAME=" + call.interface,
          "CNI_ARGS=" + call.args,       "CNI_PATH=" + call.path.value_or(default_path())};
}

std::string input_of(const Call& call) { return call.input.value_or(with_tested_device(call.config).dump()); }

Answer call(const Call& call) {
  auto argv = call.wrapper;
  argv.push_back(find_executable(call.plugin, call.path.value_or(default_path())));
  const auto outcome = run({.argv = argv,
                            .input = input_of(call),
                            .environment = environment_of(call),
                            .clean_environment = !call.wrapper.empty(),
                            .timeout = call.timeout});
  return {outcome.exit, find_json(outcome.out), outcome.out, outcome.err};
}

Answer add(const Container& container, const json& config) { return call(call_for("ADD", container, config, nullptr)); }

Answer check(const Container& container, json config, const json& result) {
  return call(call_for("CHECK", container, std::move(config), result));
}

Answer del(const Container& container, json config, const json& result) {
  return call(call_for("DEL", container, std::move(config), result));
}

Call gc_call(json config, const std::vector<Valid>& valid) {
  config.erase("runtimeConfig");
  config["cniVersion"] = "1.1.0";
  auto& list = config["cni.dev/valid-attachments"] = json::array();
  for (const auto& [container, interface] : valid) list.push_back({{"containerID", container}, {"ifname", interface}});
  return {.command = "GC", .interface = "", .config = std::move(config)};
}

Answer gc(const json& config, const std::vector<Valid>& valid) { return call(gc_call(config, valid)); }

std::string address_of(const json& result, int family) {
  const auto* entry = find_address(result, family);
  if (entry == nullptr) return {};
  const auto text = entry->at("address").get<std::string>();
  return text.substr(0, text.find('/'));
}

std::string gateway_of(const json& result, int family) {
  const auto* entry = find_address(result, family);
  return entry != nullptr ? entry->value("gateway", "") : "";
}

std::string host_interface_of(const json& result) {
  for (const auto& interface : result.at("interfaces")) {
    auto name = interface.at("name").get<std::string>();
    if (interface.value("sandbox", "").empty() && name.starts_with("veth")) return name;
  }
  throw std::runtime_error("no host interface in " + result.dump());
}

}  // namespace support
