#include "plugin/vethctl/events.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/log_config.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/configurations.hpp"
#include "plugin/vethctl/inspect/configurations.hpp"
#include "plugin/vethctl/log_reader.hpp"
#include "plugin/vethctl/report/event.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <thread>

namespace vethctl {
namespace {

std::set<std::string> log_files_of(const std::string& conf_dir) {
  std::set<std::string> files;
  for (const auto& plugin : read_configurations(conf_dir)) {
    if (const auto target = cni::find_log_target(plugin.text)) files.insert(target->log.file);
  }
  if (!files.empty()) return files;
  throw cni::Error{cni::ErrorCode::invalid_config,
                   "no network configuration in " + text::quoted(conf_dir) + " has the key log",
                   R"(add "log": {"file": "/var/log/veth-cni/calls.log"} to one, or give a file with --file)"};
}

std::vector<LogReader> readers_for(const Arguments& arguments) {
  const auto named = arguments.values("file");
  const auto files = named.empty() ? log_files_of(arguments.value("conf-dir").value_or(inspect::default_conf_dir))
                                   : std::set<std::string>{named.begin(), named.end()};
  std::vector<LogReader> readers;
  readers.reserve(files.size());
  for (const auto& file : files) readers.emplace_back(file);
  return readers;
}

/// The new lines of all files, sorted by time.
std::vector<std::string> read_new(std::vector<LogReader>& readers) {
  std::vector<std::string> lines;
  for (auto& reader : readers) std::ranges::move(reader.read_lines(), std::back_inserter(lines));
  if (readers.size() > 1) {
    std::ranges::stable_sort(lines, {}, [](const std::string& line) { return report::time_of_event(line); });
  }
  return lines;
}

}  // namespace

int events(const Arguments& arguments, const Console& console, const std::function<bool()>& wait) {
  auto readers = readers_for(arguments);
  const bool is_raw = arguments.wants_json();
  if (!is_raw) console.print(report::event_heading());
  do {
    std::string text;
    for (const auto& line : read_new(readers)) text += is_raw ? line + '\n' : report::event_row(line);
    if (!text.empty()) console.print(text);
  } while (arguments.has("follow") && wait());
  return success;
}

Command events_command() {
  return {.name = "events",
          .summary = "print the logged calls of the plugin",
          .description =
              "Prints the log files of the network configurations (key log): for each call the time of its answer, "
              "verb, network, container, interface, duration, and result or error. Calls of several files are sorted "
              "by time. Rotated files are read only if they are given with --file.\n\n"
              "With --follow, new calls are printed until the command is interrupted; the rotation of a log is "
              "followed. With --output json, the lines of the log are printed unchanged.",
          .options = {{.name = "follow", .help = "wait for new calls and print them"},
                      {.name = "file",
                       .value = "FILE",
                       .help = "log file; may be repeated (default: those of the configurations)"},
                      {.name = "conf-dir",
                       .value = "DIR",
                       .help = "folder of the network configurations (default: /etc/cni/net.d)"},
                      output_option()},
          .examples = {"vethctl events --follow", "vethctl events --file /var/log/veth-cni/calls.log.1"},
          .run = [](const Arguments& arguments, const Console& console) {
            constexpr std::chrono::milliseconds pause{250};
            return events(arguments, console, [pause] {
              std::this_thread::sleep_for(pause);
              return true;
            });
          }};
}

}  // namespace vethctl
