#include "plugin/vethctl/report/html.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/vethctl/inspect/find_attachment.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/format.hpp"
#include "plugin/vethctl/report/html_assets.hpp"
#include "plugin/vethctl/report/picture.hpp"
#include "plugin/vethctl/report/show.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace report {
namespace {

using inspect::Attachment;
using inspect::Finding;
using inspect::Severity;
using inspect::State;

constexpr std::size_t unlimited_width = 10'000;

std::string attribute(const std::string& name, std::string_view value) { return ' ' + name + "=\"" + xml(value) + '"'; }

std::string element(const std::string& tag, const std::string& style_class, std::string_view text) {
  return '<' + tag + attribute("class", style_class) + '>' + xml(text) + "</" + tag + ">\n";
}

std::string list(const std::string& style_class, const std::vector<std::string>& items) {
  if (items.empty()) return {};
  std::string result = "<ul" + attribute("class", style_class) + '>';
  for (const auto& item : items) result += "<li>" + xml(item) + "</li>";
  return result + "</ul>\n";
}

std::string option(std::string_view value, const std::string& text) {
  return "<option" + attribute("value", value) + '>' + xml(text) + "</option>\n";
}

bool is_between_namespaces(const Attachment& attachment) {
  return !attachment.peer_netns.empty() && attachment.peer_netns != inspect::host_namespace_path;
}

bool is_lease(const Attachment& attachment) {
  return attachment.host_interface.empty() && attachment.peer_netns.empty();
}

bool is_routed(const Attachment& attachment) {
  return attachment.bridge.empty() && !is_between_namespaces(attachment) && !is_lease(attachment);
}

class PageWriter {
 public:
  explicit PageWriter(const Page& page);

  std::string finished() const;

 private:
  using Findings = std::vector<const Finding*>;

  std::string header() const;
  std::string tools() const;
  std::string network_options() const;
  std::string state_options() const;
  std::string all_findings() const;
  std::string finding(const Finding& finding) const;
  std::string locations(const Finding& finding) const;
  std::string host() const;
  std::string bridges() const;
  std::string group(const std::string& style_class, const std::string& heading, const auto& belongs) const;
  std::string card(std::size_t number) const;
  std::string card_attributes(std::size_t number) const;
  std::string pod(std::size_t number) const;
  std::string other_pod(const Attachment& attachment) const;
  std::string interface(const std::string& name, const std::string& network,
                        const std::vector<std::string>& addresses) const;
  std::string detail(std::size_t number) const;
  std::string search_text(std::size_t number) const;
  Findings findings_of(std::size_t number) const;

  const Page& page_;
  std::map<std::string, std::size_t> networks_;          // number of the colour of each network
  std::map<std::string, std::size_t> pods_;              // number of each namespace
  std::map<std::string, std::size_t> attachments_;       // by the location that a finding contains
  std::map<std::size_t, Findings> attachment_findings_;  // in the order of Page::findings
};

/// A namespace whose path is unknown is identified by its container.
std::string pod_of(const Attachment& attachment) {
  return attachment.netns.empty() ? attachment.identity.container : attachment.netns;
}

PageWriter::PageWriter(const Page& page) : page_(page) {
  const auto& attachments = page.node.attachments;
  for (std::size_t i = 0; i < attachments.size(); ++i) {
    const auto& attachment = attachments[i];
    networks_.try_emplace(attachment.identity.network, networks_.size());
    pods_.try_emplace(pod_of(attachment), pods_.size());
    attachments_.try_emplace(inspect::name_of(attachment), i);
    attachments_.try_emplace("record " + attachment.identity.network + "/#" + cni::to_string(attachment.tag), i);
  }
  for (const auto& finding : page.findings) {
    for (const auto& location : finding.where) {
      const auto found = attachments_.find(location);
      if (found != attachments_.end()) attachment_findings_[found->second].push_back(&finding);
    }
  }
}

PageWriter::Findings PageWriter::findings_of(std::size_t number) const {
  const auto found = attachment_findings_.find(number);
  return found == attachment_findings_.end() ? Findings{} : found->second;
}

std::string PageWriter::header() const {
  std::string text = "<header>\n<h1>network of " + xml(page_.node.hostname) + "</h1>\n<p class=\"quiet\">" +
                     counted(page_.node.attachments.size(), "attachment") + " in " +
                     counted(networks_.size(), "network");
  for (const auto severity : {Severity::fault, Severity::warning, Severity::note}) {
    const auto count = static_cast<std::size_t>(std::ranges::count(page_.findings, severity, &Finding::severity));
    const std::string name{inspect::to_string(severity)};
    if (count > 0) text += " · <b class=\"count " + name + "\">" + counted(count, name) + "</b>";
  }
  return text + (page_.created.empty() ? "" : " · " + xml(page_.created)) + "</p>\n</header>\n";
}

std::string PageWriter::network_options() const {
  std::string text = option("", "all networks");
  for (const auto& [name, number] : networks_) text += option(name, name);
  return text;
}

/// "=live" selects a state, "!" the attachments with findings.
std::string PageWriter::state_options() const {
  std::map<std::string, std::size_t> counts;
  for (const auto& attachment : page_.node.attachments) ++counts[std::string{inspect::to_string(attachment.state)}];
  std::string text = option("", "all states");
  text += option("!", "with findings (" + std::to_string(attachment_findings_.size()) + ')');
  for (const auto& [state, count] : counts) text += option('=' + state, state + " (" + std::to_string(count) + ')');
  return text;
}

std::string PageWriter::tools() const {
  return "<div class=\"tools\"><form id=\"filters\" role=\"search\" autocomplete=\"off\">\n"
         "<input type=\"search\" id=\"search\" aria-label=\"search\" "
         "placeholder=\"search: name, address, port, interface ( / )\">\n"
         "<select id=\"network\" aria-label=\"network\">\n" +
         network_options() + "</select>\n<select id=\"state\" aria-label=\"state\">\n" + state_options() +
         "</select>\n<output id=\"shown\" aria-live=\"polite\"></output>\n</form></div>\n";
}

/// Attachments are links to their cards.
std::string PageWriter::locations(const Finding& finding) const {
  constexpr std::size_t limit = 12;
  std::string text;
  for (std::size_t i = 0; i < std::min(limit, finding.where.size()); ++i) {
    const auto& location = finding.where[i];
    const auto found = attachments_.find(location);
    text += found == attachments_.end()
                ? xml(location) + ' '
                : "<a href=\"#a" + std::to_string(found->second) + "\">" + xml(location) + "</a> ";
  }
  if (finding.where.size() > limit) text += "and " + std::to_string(finding.where.size() - limit) + " more";
  return text;
}

std::string PageWriter::finding(const Finding& finding) const {
  const std::string severity{inspect::to_string(finding.severity)};
  const auto where = locations(finding);
  return "<li class=\"finding " + severity + "\"><b>" + severity + "</b> " + xml(finding.what) +
         (where.empty() ? "" : "<br>where: " + where) + "<br>to do: <code>" + xml(finding.remedy) + "</code></li>\n";
}

std::string PageWriter::all_findings() const {
  if (page_.findings.empty()) return {};
  std::string text = "<details id=\"findings\" open><summary>" + counted(page_.findings.size(), "finding") +
                     " of vethctl check</summary>\n<ul>\n";
  for (const auto& each : page_.findings) text += finding(each);
  return text + "</ul></details>\n";
}

std::string PageWriter::interface(const std::string& name, const std::string& network,
                                  const std::vector<std::string>& addresses) const {
  std::string text = "<div class=\"interface\"><div><b>" + xml(name) + "</b>";
  const auto found = networks_.find(network);
  if (found != networks_.end()) {
    constexpr std::size_t colors = 8;
    text += "<div class=\"network n" + std::to_string(found->second % colors) + "\">" + xml(network) + "</div>";
  }
  return text + "</div>" + list("addresses", addresses) + "</div>\n";
}

std::string PageWriter::other_pod(const Attachment& attachment) const {
  return "<div class=\"pod\">" + element("h3", "title", format_namespace(attachment.peer_netns)) +
         interface(attachment.peer_interface, "", texts(attachment.peer_addresses)) + "</div>\n";
}

std::string PageWriter::pod(std::size_t number) const {
  constexpr std::size_t limit = 2;
  const auto& attachment = page_.node.attachments[number];
  const auto& identity = attachment.identity;
  const auto title = format_container(identity.container);
  const auto netns = format_namespace(attachment.netns);
  std::string text = "<div class=\"pod\">" + element("h3", "title", title);
  if (netns != title && netns != "-") text += element("p", "quiet", netns);
  text += interface(identity.interface, identity.network, texts(attachment.addresses)) +
          list("services", format_services(attachment));
  if (attachment.state != State::live) text += element("p", "state", inspect::to_string(attachment.state));
  const auto findings = findings_of(number);
  for (std::size_t i = 0; i < std::min(limit, findings.size()); ++i) {
    text += element("p", "finding " + std::string{inspect::to_string(findings[i]->severity)}, findings[i]->what);
  }
  if (findings.size() > limit)
    text += element("p", "quiet", "and " + std::to_string(findings.size() - limit) + " more");
  return text + "</div>\n";
}

/// What the panel shows.
std::string PageWriter::detail(std::size_t number) const {
  std::string text = "<div class=\"detail\" hidden>";
  const auto findings = findings_of(number);
  if (!findings.empty()) text += "<ul>\n";
  for (const auto* each : findings) {
    const std::string severity{inspect::to_string(each->severity)};
    text += "<li class=\"finding " + severity + "\"><b>" + severity + "</b> " + xml(each->what) + "<br>to do: <code>" +
            xml(each->remedy) + "</code></li>\n";
  }
  if (!findings.empty()) text += "</ul>\n";
  if (number < page_.details.size())
    text += "<pre>" + xml_lines(show(page_.details[number], unlimited_width)) + "</pre>";
  return text + "</div>\n";
}

std::string PageWriter::search_text(std::size_t number) const {
  const auto& attachment = page_.node.attachments[number];
  std::vector<std::string> parts{inspect::name_of(attachment),
                                 attachment.netns,
                                 attachment.host_interface,
                                 attachment.bridge,
                                 attachment.peer_netns,
                                 attachment.peer_interface,
                                 std::string{inspect::to_string(attachment.state)}};
  const auto append = [&](const std::vector<std::string>& more) {
    parts.insert(parts.end(), more.begin(), more.end());
  };
  append(texts(attachment.addresses));
  append(texts(attachment.peer_addresses));
  append(attachment.ports);
  for (const auto* each : findings_of(number)) parts.push_back(each->what);
  return text::joined(parts, " ");
}

std::string PageWriter::card_attributes(std::size_t number) const {
  const auto& attachment = page_.node.attachments[number];
  const auto findings = findings_of(number);
  const auto most_severe = std::ranges::min_element(findings, {}, &Finding::severity);
  const std::string severity{most_severe == findings.end() ? "" : inspect::to_string((*most_severe)->severity)};
  std::string style_class = "card";
  if (!severity.empty()) style_class += " has-" + severity;
  if (attachment.state == State::in_flight) style_class += " passing";
  if (attachment.state != State::live && attachment.state != State::in_flight) style_class += " faulty";
  return attribute("id", 'a' + std::to_string(number)) + attribute("class", style_class) + " tabindex=\"0\"" +
         attribute("aria-label", inspect::name_of(attachment)) + " aria-describedby=\"panel\"" +
         attribute("data-name", inspect::name_of(attachment)) + attribute("data-network", attachment.identity.network) +
         attribute("data-state", inspect::to_string(attachment.state)) + attribute("data-severity", severity) +
         attribute("data-pod", std::to_string(pods_.at(pod_of(attachment)))) +
         attribute("data-search", search_text(number));
}

std::string PageWriter::card(std::size_t number) const {
  const auto& attachment = page_.node.attachments[number];
  std::string text = "<article" + card_attributes(number) + ">\n";
  if (is_between_namespaces(attachment)) {
    text += pod(number) + "<div class=\"cable\"></div>\n" + other_pod(attachment);
  } else {
    if (!is_lease(attachment))
      text += element("div", "port", host_end_label(attachment)) + "<div class=\"cable\"></div>\n";
    text += pod(number);
  }
  return text + detail(number) + "</article>\n";
}

/// `heading` is HTML. Empty if no attachment belongs to the group.
std::string PageWriter::group(const std::string& style_class, const std::string& heading, const auto& belongs) const {
  std::string cards;
  for (std::size_t i = 0; i < page_.node.attachments.size(); ++i) {
    if (belongs(page_.node.attachments[i])) cards += card(i);
  }
  if (cards.empty()) return {};
  return "<section class=\"group " + style_class + "\">\n<h2>" + heading + "</h2>\n<div class=\"cards\">\n" + cards +
         "</div>\n</section>\n";
}

std::string PageWriter::bridges() const {
  std::string text;
  for (const auto& bridge : picture(page_.node).bridges) {
    const bool is_missing = bridge.mac == cni::MacAddress{};
    const auto heading =
        "bridge " + xml(bridge.name) + " <small>" + xml(text::joined(format_bridge(bridge), " ")) + "</small>";
    text += group(is_missing ? "bridge missing" : "bridge", heading, [&](const Attachment& attachment) {
      return attachment.bridge == bridge.name && !is_lease(attachment);
    });
  }
  return text;
}

std::string PageWriter::host() const {
  std::string text = "<section class=\"host\">\n<h2>host " + xml(page_.node.hostname) + "</h2>\n";
  if (!page_.node.gateways.empty()) {
    text += element("p", "quiet", "lo " + text::joined(texts(page_.node.gateways), " "));
  }
  if (page_.node.attachments.empty()) text += element("p", "quiet", "no attachments");
  return text + group("routed", "routed", is_routed) + bridges() + "</section>\n";
}

std::string head(const std::string& hostname) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; form-action "
         "'none'; style-src 'unsafe-inline'; script-src '" +
         std::string{html_script_hash()} +
         "'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>network of " +
         xml(hostname) + "</title>\n<style>" + std::string{html_style()} +
         "</style>\n<noscript><style>.tools { display: none; } .detail[hidden] { display: block; } .card { flex-wrap: "
         "wrap; }</style></noscript>\n</head>\n<body>\n";
}

std::string PageWriter::finished() const {
  return head(page_.node.hostname) + header() + tools() + all_findings() + "<main>\n" + host() +
         group("between", "between namespaces", is_between_namespaces) +
         group("leases", "without a host interface", is_lease) +
         "<p id=\"none\" hidden>no attachment matches</p>\n"
         "<footer>A snapshot. Point at an attachment, or focus it with Tab, to read what vethctl show prints; click to "
         "keep it open, Esc closes it.</footer>\n</main>\n"
         "<aside id=\"panel\" role=\"status\" hidden></aside>\n<script>" +
         std::string{html_script()} + "</script>\n</body>\n</html>\n";
}

}  // namespace

std::string html(const Page& page) { return PageWriter{page}.finished(); }

}  // namespace report
