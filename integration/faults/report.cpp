#include "integration/faults/report.hpp"

#include <algorithm>

namespace faults {
namespace {

using nlohmann::json;

bool is_largest(const std::string& name) { return name.ends_with(" ms"); }

void merge(const json& figures, json& into) {
  for (const auto& [name, value] : figures.items()) {
    const auto known = into.value(name, 0.0);
    const auto added = value.get<double>();
    into[name] = is_largest(name) ? std::max(known, added) : known + added;
  }
}

void merge(const Report& report, Report& into) {
  into.points += report.points;
  into.failures.insert(into.failures.end(), report.failures.begin(), report.failures.end());
  if (into.not_run.empty()) into.not_run = report.not_run;
  merge(report.figures, into.figures);
}

}  // namespace

json to_json(const Report& report) {
  return {{"kind", report.kind},         {"subject", report.subject}, {"points", report.points},
          {"failures", report.failures}, {"not run", report.not_run}, {"figures", report.figures}};
}

Report report_from_json(const json& object) {
  return {.kind = object.at("kind").get<std::string>(),
          .subject = object.at("subject").get<std::string>(),
          .points = object.at("points").get<std::size_t>(),
          .failures = object.at("failures").get<std::vector<std::string>>(),
          .not_run = object.at("not run").get<std::string>(),
          .figures = object.at("figures")};
}

std::vector<Report> merged(const std::vector<Report>& reports) {
  std::vector<Report> all;
  for (const auto& report : reports) {
    const auto is_same = [&](const Report& other) {
      return other.kind == report.kind && other.subject == report.subject;
    };
    const auto found = std::ranges::find_if(all, is_same);
    if (found == all.end())
      all.push_back(report);
    else
      merge(report, *found);
  }
  return all;
}

std::string to_text(const Report& report) {
  auto text = report.kind + ": " + report.subject + ": ";
  if (!report.not_run.empty()) return text + "NOT RUN: " + report.not_run + "\n";
  text += std::to_string(report.points) + " points, " + std::to_string(report.failures.size()) + " failures";
  for (const auto& [name, value] : report.figures.items()) text += ", " + name + " " + value.dump();
  return text + "\n";
}

}  // namespace faults
