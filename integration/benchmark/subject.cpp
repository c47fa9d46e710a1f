#include "integration/benchmark/subject.hpp"

#include "integration/benchmark/subjects.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace benchmark {
namespace {

Plugin with_result(Plugin plugin, const json& result) {
  if (!result.is_null()) plugin.config["prevResult"] = result;
  return plugin;
}

/// Where the plugin looks for its delegates first.
std::string folder_of(const Plugin& plugin) { return std::filesystem::path{plugin.argv.front()}.parent_path(); }

}  // namespace

std::string network_of(const Subject& subject) { return subject.plugins.front().config.at("name").get<std::string>(); }

Program call_of(const std::string& command, const Plugin& plugin, const ContainerInterface& target) {
  return {
      .argv = plugin.argv,
      .environment = {"CNI_COMMAND=" + command, "CNI_CONTAINERID=" + target.id, "CNI_NETNS=" + target.container.path(),
                      "CNI_IFNAME=" + target.interface, "CNI_PATH=" + folder_of(plugin) + ":" + reference_folder(),
                      "PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
      .input = plugin.config.is_null() ? "" : plugin.config.dump()};
}

double Attachment::add() {
  double milliseconds = 0;
  result_ = nullptr;
  target_.node.enter();
  for (const auto& plugin : subject_.plugins) {
    const auto timing = run_timed(call_of("ADD", with_result(plugin, result_), target_));
    milliseconds += timing.milliseconds;
    if (!timing.output.empty()) result_ = json::parse(timing.output);
  }
  return milliseconds;
}

double Attachment::check() const {
  double milliseconds = 0;
  for (const auto& plugin : subject_.plugins) milliseconds += call("CHECK", plugin);
  return milliseconds;
}

double Attachment::del() const {
  double milliseconds = 0;
  std::for_each(subject_.plugins.rbegin(), subject_.plugins.rend(),
                [&](const Plugin& plugin) { milliseconds += call("DEL", plugin); });
  return milliseconds;
}

double Attachment::call(const std::string& command, const Plugin& plugin) const {
  target_.node.enter();
  return run_timed(call_of(command, with_result(plugin, result_), target_)).milliseconds;
}

}  // namespace benchmark
