#include "plugin/vethctl/report/findings.hpp"

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/format.hpp"

#include <algorithm>

namespace report {
namespace {

using inspect::Finding;
using inspect::Severity;

/// Without `shows_all` the first five: a node may have thousands of attachments.
std::string locations(const std::vector<std::string>& where, bool shows_all) {
  constexpr std::size_t limit = 5;
  return text::listed(where, shows_all ? where.size() : limit);
}

/// Each consequence at each location counts.
std::size_t count_consequences(const Finding& finding) {
  std::size_t count = 0;
  for (const auto& consequence : finding.consequences) count += std::max<std::size_t>(consequence.where.size(), 1);
  return count;
}

std::string consequences(const Finding& finding, bool shows_all) {
  if (finding.consequences.empty()) return {};
  const auto count = counted(count_consequences(finding), "consequence");
  if (!shows_all) return "    and " + count + " (--all lists them)\n";
  std::string lines;
  for (const auto& consequence : finding.consequences) {
    lines += "    consequence: " + clean(consequence.what) + '\n';
    if (consequence.where != finding.where)
      lines += "        where: " + clean(locations(consequence.where, true)) + '\n';
  }
  return lines;
}

std::string text(const Finding& finding, bool shows_all) {
  auto lines = std::string{to_string(finding.severity)} + ": " + clean(finding.what) + '\n';
  if (!finding.where.empty()) lines += "    where: " + clean(locations(finding.where, shows_all)) + '\n';
  return lines + "    to do: " + clean(finding.remedy) + '\n' + consequences(finding, shows_all);
}

std::string summary(const std::vector<Finding>& all, const FindingsContext& context) {
  std::vector<std::string> parts;
  for (const auto severity : {Severity::fault, Severity::warning, Severity::note}) {
    const auto count = static_cast<std::size_t>(std::ranges::count(all, severity, &Finding::severity));
    if (count > 0) parts.push_back(counted(count, to_string(severity)));
  }
  const auto found = parts.empty() ? "no problems" : text::joined(parts, ", ");
  return found + ": " + counted(context.count, context.noun) + " checked\n";
}

void write(cni::JsonWriter& json, const std::vector<Finding>& all) {
  json.begin_array();
  for (const auto& finding : all) {
    json.begin_object();
    json.member("severity", to_string(finding.severity));
    json.member("what", finding.what);
    json.key("where");
    json.begin_array();
    for (const auto& location : finding.where) json.string(location);
    json.end_array();
    json.member("remedy", finding.remedy);
    json.key("consequences");
    write(json, finding.consequences);
    json.end_object();
  }
  json.end_array();
}

Severity read_severity(const cni::JsonValue& value) {
  const auto text = value.as_string();
  for (const auto severity : {Severity::fault, Severity::warning, Severity::note}) {
    if (text == to_string(severity)) return severity;
  }
  value.reject("must be a severity");
}

std::vector<Finding> read(const cni::JsonValue& array) {
  std::vector<Finding> all;
  for (const auto& element : array.as_array()) {
    auto object = element.as_object();
    all.push_back({.severity = read_severity(object.require("severity")),
                   .what = object.require("what").as_string(),
                   .where = object.strings("where"),
                   .remedy = object.string_or("remedy", ""),
                   .consequences = read(object.require("consequences"))});
  }
  return all;
}

}  // namespace

std::string findings(const std::vector<Finding>& all, const FindingsContext& context) {
  std::string lines;
  for (const auto& finding : all) lines += text(finding, context.shows_all);
  lines += summary(all, context);
  if (context.not_examined.empty()) return lines;
  return lines + "not looked at: " + clean(text::joined(context.not_examined, ", ")) + '\n';
}

std::string json(const std::vector<Finding>& all) {
  constexpr std::size_t indent = 2;
  cni::JsonWriter json{indent};
  write(json, all);
  return json.finished();
}

std::vector<Finding> read_findings(std::string_view json) {
  const cni::JsonDocument document{json, "the findings"};
  return read(document.root());
}

}  // namespace report
