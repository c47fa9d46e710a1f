#include "plugin/vethctl/report/findings.hpp"

#include "plugin/cni/json_writer.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/format.hpp"

#include <algorithm>

namespace report {
namespace {

using inspect::Finding;
using inspect::Severity;

/// The first five: a node may have thousands of attachments.
std::string locations(const std::vector<std::string>& where) {
  constexpr std::size_t limit = 5;
  return text::listed(where, limit);
}

std::string text(const Finding& finding) {
  auto lines = std::string{to_string(finding.severity)} + ": " + clean(finding.what) + '\n';
  if (!finding.where.empty()) lines += "    where: " + clean(locations(finding.where)) + '\n';
  return lines + "    to do: " + clean(finding.remedy) + '\n';
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string{noun} + (count == 1 ? "" : "s");
}

std::string summary(const std::vector<Finding>& all, std::size_t attachments) {
  std::vector<std::string> parts;
  for (const auto severity : {Severity::fault, Severity::warning, Severity::note}) {
    const auto count = static_cast<std::size_t>(std::ranges::count(all, severity, &Finding::severity));
    if (count > 0) parts.push_back(counted(count, to_string(severity)));
  }
  const auto found = parts.empty() ? "no problems" : text::joined(parts, ", ");
  return found + ": " + counted(attachments, "attachment") + " checked\n";
}

}  // namespace

std::string findings(const std::vector<Finding>& all, std::size_t attachments) {
  std::string lines;
  for (const auto& finding : all) lines += text(finding);
  return lines + summary(all, attachments);
}

std::string json(const std::vector<Finding>& all) {
  constexpr std::size_t indent = 2;
  cni::JsonWriter json{indent};
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
    json.end_object();
  }
  json.end_array();
  return json.finished();
}

}  // namespace report
