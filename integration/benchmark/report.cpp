#include "integration/benchmark/report.hpp"

#include <array>
#include <cstdio>
#include <set>

namespace benchmark {
namespace {

using nlohmann::json;
using Line = std::vector<std::string>;

std::string number(double value, int digits = 2) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string number(const json& figures, const char* key, int digits = 2) {
  return number(figures.at(key).get<double>(), digits);
}

std::string line_of(const Line& cells) {
  std::string line = "|";
  for (const auto& cell : cells) line += " " + cell + " |";
  return line + "\n";
}

std::string table_of(const std::string& title, const std::vector<Line>& lines) {
  std::string text = "\n### " + title + "\n\n" + line_of(lines.front()) + line_of(Line(lines.front().size(), "---"));
  for (std::size_t line = 1; line < lines.size(); ++line) text += line_of(lines[line]);
  return text;
}

/// The floor with which a row is compared: the one with the same families and node, or else the first.
const json* find_floor(const json& rows, const std::string& name) {
  const auto place = name.find(", ");
  const json* found = nullptr;
  for (const auto& row : rows) {
    const auto& floor = row.at("subject").get_ref<const std::string&>();
    if (!floor.starts_with("floor")) continue;
    const bool has_same_variant = place != std::string::npos && floor.substr(floor.find(", ")) == name.substr(place);
    if (found == nullptr || has_same_variant) found = &row;
  }
  return found;
}

std::string cell_of(const json& row, const std::string& verb, const json* floor) {
  if (!row.contains(verb)) return "";
  const auto& figures = row.at(verb);
  auto text = number(figures, "median") + " (" + number(figures, "q1") + "-" + number(figures, "q3") + ")";
  if (floor == nullptr || !floor->contains(verb)) return text;
  const double ratio = figures.at("median").get<double>() / floor->at(verb).at("median").get<double>();
  return text + " x" + number(ratio);
}

std::string table_of_rows(const std::string& title, const json& rows) {
  std::set<std::string> verbs;
  for (const auto& row : rows) {
    for (const auto& [key, value] : row.items()) {
      if (value.is_object()) verbs.insert(key);
    }
  }
  std::vector<Line> lines{{"milliseconds: median (quartiles) x floor"}};
  lines[0].insert(lines[0].end(), verbs.begin(), verbs.end());
  for (const auto& row : rows) {
    Line line{row.at("subject").get<std::string>()};
    const json* floor = find_floor(rows, line[0]);
    for (const auto& verb : verbs) line.push_back(cell_of(row, verb, floor));
    lines.push_back(std::move(line));
  }
  return table_of(title, lines);
}

std::string table_of_throughput(const json& rows) {
  std::vector<Line> lines{{"subject", "at once", "ADD/s", "p50 ms", "p99 ms", "DEL/s", "p50 ms", "p99 ms"}};
  for (const auto& row : rows) {
    Line line{row.at("subject").get<std::string>(), std::to_string(row.at("at once").get<int>())};
    for (const char* verb : {"ADD", "DEL"}) {
      for (const char* key : {"per second", "p50", "p99"}) line.push_back(number(row.at(verb), key, 1));
    }
    lines.push_back(std::move(line));
  }
  return table_of("throughput", lines);
}

std::string table_of_goals(const json& goals) {
  std::vector<Line> lines{{"figure", "measured", "goal", ""}};
  for (const auto& goal : goals) {
    const char* bound = goal.contains("at most") ? "at most" : "at least";
    lines.push_back({goal.at("what").get<std::string>(), number(goal, "figure", 3),
                     bound + (" " + number(goal, bound, 3)), goal.at("is met").get<bool>() ? "" : "not met"});
  }
  return table_of("goals", lines);
}

std::string plain(const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

std::string table_of_costs(const json& costs) {
  std::vector<Line> lines{{"a call", "peak KiB", "page faults", "system calls", "sendmsg", "instructions"}};
  for (const auto& row : costs.at("calls")) {
    for (const char* verb : {"ADD", "DEL"}) {
      const auto& call = row.at(verb);
      const auto& counts = call.at("system calls");
      const bool is_counted = counts.is_object();
      lines.push_back({row.at("subject").get<std::string>() + " " + verb, call.at("peak KiB").dump(),
                       call.at("page faults").dump(), is_counted ? counts.at("total").dump() : plain(counts),
                       is_counted && counts.contains("sendmsg") ? counts.at("sendmsg").dump() : "",
                       plain(call.at("instructions"))});
    }
  }
  auto text = table_of("what a call costs", lines);
  for (const auto& [name, size] : costs.at("sizes in bytes").items())
    text += "\n" + name + ": " + size.dump() + " bytes";
  return text + "\n";
}

}  // namespace

json to_json(const std::vector<Row>& rows) {
  auto list = json::array();
  for (const auto& row : rows) {
    json one{{"subject", row.name}};
    for (const auto& [verb, summary] : row.verbs) {
      one[verb] = {{"count", summary.count},   {"least", summary.least},       {"q1", summary.first_quartile},
                   {"median", summary.median}, {"q3", summary.third_quartile}, {"p99", summary.p99},
                   {"mean", summary.mean}};
    }
    list.push_back(std::move(one));
  }
  return list;
}

std::string to_text(const json& measured) {
  std::string text;
  for (const auto& [suite, value] : measured.items()) {
    if (suite == "throughput")
      text += table_of_throughput(value);
    else if (suite == "goals")
      text += table_of_goals(value);
    else if (suite == "costs")
      text += table_of_costs(value);
    else if (value.is_array())
      text += table_of_rows(suite, value);
  }
  return text;
}

}  // namespace benchmark
