#include "integration/support/plugin_chain.hpp"

#include <filesystem>

namespace support {
namespace {

namespace fs = std::filesystem;

void keep_first_failure(Answer& kept, Answer answer) {
  if (kept.exit == 0) kept = std::move(answer);
}

}  // namespace

std::string drop_in_plugins() {
  const fs::path folder{"/run/test/drop-in"};
  for (const char* name : {"ptp", "bridge", "host-local", "static", "portmap", "bandwidth", "tuning"}) {
    fs::create_directories(folder);
    if (!fs::exists(folder / name)) fs::create_symlink(executables() + "/veth", folder / name);
  }
  return folder;
}

std::string FirstPlugin::folder() const { return is_own ? drop_in_plugins() : reference_plugins; }

std::ostream& operator<<(std::ostream& stream, const FirstPlugin& plugin) {
  return stream << (plugin.is_own ? "own_" : "reference_") << plugin.type;
}

std::vector<FirstPlugin> first_plugins() {
  return {{"ptp", false}, {"ptp", true}, {"bridge", false}, {"bridge", true}};
}

json PluginChain::config_of(std::size_t position, const json& previous) const {
  auto config = plugins.at(position).config;
  config["cniVersion"] = version;
  config["name"] = network;
  if (!previous.is_null()) config["prevResult"] = previous;
  if (position > 0 && !runtime_config.is_null()) config["runtimeConfig"] = runtime_config;
  return config;
}

Call PluginChain::call_of(std::size_t position, const std::string& command, const Container& container,
                          const json& previous) const {
  const auto& plugin = plugins.at(position);
  return {.command = command,
          .container = container.id,
          .netns = container.netns.path(),
          .interface = container.interface,
          .config = config_of(position, previous),
          .plugin = plugin.config.at("type").get<std::string>(),
          .path = plugin.folder + ":" + default_path()};
}

Answer PluginChain::add(const Container& container) const {
  Answer answer;
  for (std::size_t position = 0; position < plugins.size(); ++position) {
    answer = call(call_of(position, "ADD", container, position == 0 ? json{} : answer.result));
    if (answer.exit != 0) break;
  }
  return answer;
}

Answer PluginChain::check(const Container& container, const json& result) const {
  Answer answer;
  for (std::size_t position = 0; position < plugins.size(); ++position) {
    keep_first_failure(answer, call(call_of(position, "CHECK", container, result)));
  }
  return answer;
}

Answer PluginChain::del(const Container& container, const json& result) const {
  Answer answer;
  for (auto position = plugins.size(); position-- > 0;) {
    keep_first_failure(answer, call(call_of(position, "DEL", container, result)));
  }
  return answer;
}

Answer PluginChain::gc(const std::vector<Valid>& valid) const {
  Answer answer;
  for (std::size_t position = 0; position < plugins.size(); ++position) {
    auto request = gc_call(config_of(position, nullptr), valid);
    request.plugin = plugins.at(position).config.at("type").get<std::string>();
    request.path = plugins.at(position).folder + ":" + default_path();
    keep_first_failure(answer, call(request));
  }
  return answer;
}

}  // namespace support
