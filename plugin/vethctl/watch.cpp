#include "plugin/vethctl/watch.hpp"

#include "plugin/text/quoted.hpp"

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <thread>

namespace vethctl {
namespace {

/// Clears the terminal only when the new output is complete, so that it does not flicker.
int run_round(const Console& console, const std::function<int(const Console&)>& round) {
  std::string text;
  auto buffered = console;
  buffered.print = buffered.write = [&](std::string_view part) { text += part; };
  const auto status = round(buffered);
  if (console.clear) console.clear();
  console.print(text);
  return status;
}

}  // namespace

Option watch_option() {
  return {.name = "watch",
          .value = "SECONDS",
          .help = "print again every SECONDS (default: 2) until the command is interrupted",
          .letter = 'w',
          .is_value_optional = true};
}

std::chrono::milliseconds watch_pause(const Arguments& arguments, std::chrono::milliseconds default_pause) {
  const auto text = arguments.value("watch").value_or("");
  if (text.empty()) return default_pause;
  constexpr double min_seconds = 0.1;
  constexpr double max_seconds = 86'400;
  constexpr double milliseconds = 1000;
  std::size_t end = 0;
  double seconds = 0;
  try {
    seconds = std::stod(text, &end);
  } catch (const std::exception&) {
    end = 0;
  }
  if (end == text.size() && seconds >= min_seconds && seconds <= max_seconds) {
    return std::chrono::milliseconds{static_cast<std::int64_t>(seconds * milliseconds)};
  }
  throw UsageError{"--watch " + text::quoted(text) + ": must be a number of seconds from 0.1 to 86400"};
}

int watched(const Arguments& arguments, const Console& console, const std::function<int(const Console&)>& round,
            const std::function<bool(std::chrono::milliseconds)>& wait) {
  if (!arguments.has("watch")) return round(console);
  constexpr std::chrono::seconds default_pause{2};
  const auto pause = watch_pause(arguments, default_pause);
  auto status = run_round(console, round);
  while (wait(pause)) status = run_round(console, round);
  return status;
}

bool sleep(std::chrono::milliseconds pause) {
  std::this_thread::sleep_for(pause);
  return true;
}

}  // namespace vethctl
