#include "plugin/vethctl/events.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/cni/log_config.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/configurations.hpp"
#include "plugin/vethctl/event_filter.hpp"
#include "plugin/vethctl/inspect/configurations.hpp"
#include "plugin/vethctl/log_reader.hpp"
#include "plugin/vethctl/report/event.hpp"
#include "plugin/vethctl/report/style.hpp"
#include "plugin/vethctl/watch.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>

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

bool is_followed(const Arguments& arguments) { return arguments.has("follow") || arguments.has("watch"); }

void print_rows(const std::vector<std::string>& lines, const Console& console) {
  std::string text;
  for (const auto& line : lines) text += report::event_row(line, console.is_coloured);
  if (!text.empty()) console.print(text);
}

/// One array or, while calls are followed, one document for each call.
void print_json(const std::vector<std::string>& lines, bool is_array, const Console& console) {
  if (!is_array) {
    for (const auto& line : lines) console.print(report::event_json(line) + '\n');
    return;
  }
  constexpr std::size_t indent = 2;
  cni::JsonWriter json{indent};
  json.begin_array();
  for (const auto& line : lines) json.json(report::event_json(line));
  json.end_array();
  console.print(json.finished());
}

std::string heading(const Console& console) {
  const auto titles = report::event_heading();
  if (!console.is_coloured) return titles;
  return report::styled(report::Style::bold, titles.substr(0, titles.size() - 1)) + '\n';
}

}  // namespace

int events(const Arguments& arguments, const Console& console, const std::function<bool()>& wait) {
  auto filter = read_event_filter(arguments, std::chrono::system_clock::now());
  auto readers = readers_for(arguments);
  const bool is_json = arguments.wants_json();
  if (!is_json && !arguments.has("no-headers")) console.print(heading(console));
  do {
    auto lines = read_new(readers);
    keep_selected(filter, lines);
    filter.tail.reset();  // of the calls that were logged before
    if (is_json) {
      print_json(lines, !is_followed(arguments), console);
    } else {
      print_rows(lines, console);
    }
  } while (is_followed(arguments) && wait());
  return success;
}

Command events_command() {
  return {
      .name = "events",
      .summary = "print the logged calls of the plugin",
      .description =
          "Prints the log files of the network configurations (key log): for each call the time of its answer, "
          "verb, network, container, interface, duration, and result or error. Calls of several files are sorted "
          "by time. Rotated files are read only if they are given with --file.\n\n"
          "With --follow, new calls are printed until the command is interrupted; the rotation of a log is "
          "followed. With --output json, an array of the lines of the log is printed, and with --follow each line when "
          "it is logged.",
      .options = {{.name = "follow", .help = "wait for new calls and print them", .letter = 'f'},
                  {.name = "watch",
                   .value = "SECONDS",
                   .help = "the same; look for new calls every SECONDS (default: 0.25)",
                   .letter = 'w',
                   .is_value_optional = true},
                  {.name = "tail", .value = "N", .help = "begin with the last N calls (default: all)", .letter = 'n'},
                  {.name = "since",
                   .value = "TIME",
                   .help = "only calls since a time in UTC (2026-01-31 12:00), or of the last 90s, 10m, 2h or 3d"},
                  {.name = "container",
                   .value = "NAME",
                   .help = "only calls for this container, or for those whose names begin so"},
                  {.name = "file",
                   .value = "FILE",
                   .help = "log file; may be repeated (default: those of the configurations)"},
                  {.name = "conf-dir",
                   .value = "DIR",
                   .help = "folder of the network configurations (default: /etc/cni/net.d)"},
                  no_headers_option(),
                  output_option()},
      .examples = {"vethctl events --follow --tail 20", "vethctl events --since 10m --container web",
                   "vethctl events --file /var/log/veth-cni/calls.log.1"},
      .run = [](const Arguments& arguments, const Console& console) {
        constexpr std::chrono::milliseconds default_pause{250};
        const auto pause = watch_pause(arguments, default_pause);
        return events(arguments, console, [pause] { return sleep(pause); });
      }};
}

}  // namespace vethctl
