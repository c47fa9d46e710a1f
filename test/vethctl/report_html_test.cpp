#include "plugin/vethctl/report/html.hpp"
#include "plugin/vethctl/report/html_assets.hpp"
#include "test/vethctl/nodes.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace {

using inspect::Finding;
using inspect::Severity;
using test::contains;

constexpr const char* hostile = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;";

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

report::Page page_of(inspect::Node node, std::vector<Finding> findings = {}) {
  report::Page page{.node = std::move(node), .findings = std::move(findings), .created = "2026-01-31 12:00:00 UTC"};
  for (const auto& attachment : page.node.attachments) page.details.push_back({.attachment = attachment});
  return page;
}

TEST(Html, ShowsEachAttachmentWithItsDetails) {
  auto node = test::small_node();
  node.attachments.back() = test::with_services(node.attachments.back());
  const auto text = report::html(page_of(node));
  EXPECT_TRUE(text.starts_with("<!DOCTYPE html>\n<html lang=\"en\">\n"));
  EXPECT_EQ(count(text, "<article"), 3U);
  for (const char* part :
       {">host node-1<", ">lo fd00::1<", "bridge cni0 <small>up 10.88.0.1/16<", ">veth-web<", ">web<",
        "<li>10.1.2.2/24<", ">between namespaces<", "<li>port 8080:80/tcp<", "<li>ingress 20 Mbit/s<",
        "2026-01-31 12:00:00 UTC", "<pre>network    net\ncontainer  web\n"}) {
    EXPECT_TRUE(contains(text, part)) << part << " in\n" << text;
  }
}

TEST(Html, HasOneFilterForEachNetworkAndState) {
  auto node = test::small_node();
  node.attachments.front().state = inspect::State::broken;
  const auto text = report::html(page_of(node));
  for (const char* part : {"<option value=\"net\">net<", "<option value=\"lan\">lan<", "<option value=\"cable\">cable<",
                           "<option value=\"=live\">live (2)<", "<option value=\"=broken\">broken (1)<"}) {
    EXPECT_TRUE(contains(text, part)) << part;
  }
}

TEST(Html, ShowsAFindingAtItsAttachmentOnly) {
  const auto text = report::html(
      page_of(test::small_node(), {{.what = "it is down", .where = {"lan/db/eth0"}, .remedy = "vethctl repair"},
                                   {.severity = Severity::warning, .what = "a firewall", .remedy = "accept"}}));
  EXPECT_EQ(count(text, "class=\"card has-fault\""), 1U);
  EXPECT_EQ(count(text, "class=\"card\""), 2U);
  EXPECT_TRUE(contains(text, "<p class=\"finding fault\">it is down</p>"));
  EXPECT_TRUE(contains(text, "where: <a href=\"#a1\">lan/db/eth0</a>"));
  EXPECT_TRUE(contains(text, "with findings (1)"));
  EXPECT_TRUE(contains(text, "1 fault</b>"));
  EXPECT_TRUE(contains(text, "1 warning</b>"));
}

TEST(Html, ShowsTheFindingOfAnUnreadableRecordAtItsAttachment) {
  auto attachment = test::in_state(test::routed("c"), inspect::State::unreadable);
  const auto tag = cni::to_string(attachment.tag);
  attachment.identity = {"net", '#' + tag, ""};
  const auto text =
      report::html(page_of({.hostname = "n", .attachments = {attachment}},
                           {{.what = "the record cannot be read", .where = {"record net/#" + tag}, .remedy = "r"}}));
  EXPECT_TRUE(contains(text, "class=\"card has-fault faulty\"")) << text;
}

/// A name is text wherever it is: in elements, in attributes, and there is none in the script.
TEST(Html, EscapesTextFromOutside) {
  inspect::Node node{.hostname = hostile, .attachments = {test::routed("c")}, .bridges = {test::bridge(hostile)}};
  auto& attachment = node.attachments.front();
  attachment.identity = {hostile, hostile, hostile};
  attachment.netns = attachment.host_interface = attachment.bridge = hostile;
  attachment.ports = {hostile};
  const auto text = report::html(page_of(node, {{.what = hostile, .where = {hostile}, .remedy = hostile}}));
  EXPECT_EQ(count(text, "<script"), 1U);
  EXPECT_EQ(count(text, "</script"), 1U);
  EXPECT_FALSE(contains(text, "<img"));
  EXPECT_FALSE(contains(text, "\"'>"));
  const auto script = text.substr(text.find("<script>"));
  EXPECT_EQ(script, "<script>" + std::string{report::html_script()} + "</script>\n</body>\n</html>\n");
}

TEST(Html, ForbidsNetworkAccessAndOtherScripts) {
  const auto text = report::html(page_of(test::small_node()));
  EXPECT_TRUE(contains(text,
                       "content=\"default-src 'none'; base-uri 'none'; form-action 'none'; style-src "
                       "'unsafe-inline'; script-src 'sha256-"));
  for (const char* part : {"http:", "https:", "//", "url(", "@import", " src="}) {
    EXPECT_FALSE(contains(text, part)) << part;
  }
}

TEST(Html, ReportsThatThereAreNoAttachments) {
  EXPECT_TRUE(contains(report::html(page_of({.hostname = "n"})), ">no attachments<"));
}

}  // namespace
