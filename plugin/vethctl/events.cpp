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

std::set<std::string> logs_of(const std::string& conf_dir) {
  std::set<std::string> files;
  for (const auto& plugin : read_configurations(conf_dir)) {
    if (const auto wish = cni::find_log_wish(plugin.text)) files.insert(wish->log.file);
  }
  if (!files.empty()) return files;
  throw cni::Error{cni::ErrorCode::invalid_config,
                   "no network configuration in " + text::quoted(conf_dir) + " has the key log",
                   R"(give one "log": {"file": "/var/log/veth-cni/calls.log"}, or name a file by --file FILE)"};
}

std::vector<LogReader> readers_for(const Arguments& arguments) {
  const auto named = arguments.values("file");
  const auto files = named.empty() ? logs_of(arguments.value("conf-dir").value_or(inspect::usual_configurations))
                                   : std::set<std::string>{named.begin(), named.end()};
  std::vector<LogReader> readers;
  readers.reserve(files.size());
  for (const auto& file : files) readers.emplace_back(file);
  return readers;
}

/// Of several files in the order of time.
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
          .summary = "show the calls that the plugin has logged",
          .description =
              "Shows the log that network configurations ask for by the key log: when a call was answered, its verb, "
              "network, container and interface, how long it took, and its result or error. Without --file the "
              "configurations tell which files there are; calls of several are shown in the order of time. Rotated "
              "files are not looked at: name them.\n\n"
              "With --follow it goes on with each new call until it is interrupted, and follows the rotation of the "
              "log. --output json passes the lines of the log on as they are.",
          .options = {{.name = "follow", .help = "go on with each new call"},
                      {.name = "file", .value = "FILE", .help = "a log to read; may be given more than once"},
                      {.name = "conf-dir", .value = "DIR", .help = "network configurations (default: /etc/cni/net.d)"},
                      output_option()},
          .run = [](const Arguments& arguments, const Console& console) {
            constexpr std::chrono::milliseconds pause{250};
            return events(arguments, console, [pause] {
              std::this_thread::sleep_for(pause);
              return true;
            });
          }};
}

}  // namespace vethctl
