#pragma once

#include "plugin/vethctl/command.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace vethctl {

/// The logged calls that are printed, by the options of `vethctl events`.
struct EventFilter {
  std::string since{};                ///< "2026-01-31T12:00:00.000000Z"; earlier calls are left out; empty: none
  std::string container{};            ///< the container or the beginning of its name; empty: any
  std::optional<std::size_t> tail{};  ///< at most this number of the calls that were logged already; nullopt: all

  bool operator==(const EventFilter&) const = default;
};

/// Reads --since, --container and --tail. Throws UsageError for invalid values.
EventFilter read_event_filter(const Arguments& arguments, std::chrono::system_clock::time_point now);

/// Whether the line of the log is selected by time and container. Lines that are not logged calls are selected only if
/// neither is given.
bool accepts(const EventFilter& filter, const std::string& line);

/// Leaves out lines that are not accepted, and all but the last `tail` ones.
void keep_selected(const EventFilter& filter, std::vector<std::string>& lines);

}  // namespace vethctl
