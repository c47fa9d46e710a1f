#include "plugin/vethctl/report/svg.hpp"
#include "plugin/vethctl/report/svg_layout.hpp"
#include "test/vethctl/nodes.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace {

using report::Rectangle;
using test::contains;

inspect::Node large_node(int count) {
  inspect::Node node{.hostname = "node-1", .bridges = {test::bridge("cni0")}};
  for (int i = 0; i < count; ++i) {
    node.attachments.push_back(test::routed("r" + std::to_string(i)));
    node.attachments.push_back(test::bridged("b" + std::to_string(i), i % 2 == 0 ? "cni0" : "gone"));
    node.attachments.push_back(test::joined("l" + std::to_string(i), "r" + std::to_string(i + 1)));
  }
  return node;
}

bool overlap(const Rectangle& left, const Rectangle& right) {
  return left.x < right.right() && right.x < left.right() && left.y < right.bottom() && right.y < left.bottom();
}

bool encloses(const Rectangle& outer, const Rectangle& inner) {
  return outer.x <= inner.x && outer.y <= inner.y && outer.right() >= inner.right() && outer.bottom() >= inner.bottom();
}

std::vector<Rectangle> boxes_of(const std::vector<report::BridgePart>& parts) {
  std::vector<Rectangle> boxes;
  for (const auto& part : parts) boxes.push_back(part.box);
  return boxes;
}

bool enclosed(const std::vector<Rectangle>& outer, const Rectangle& inner) {
  return std::ranges::any_of(outer, [&](const Rectangle& box) { return encloses(box, inner); });
}

void expect_apart(const std::vector<Rectangle>& boxes) {
  for (const auto& box : boxes) {
    const auto overlapping = [&](const Rectangle& other) { return &other != &box && overlap(box, other); };
    EXPECT_FALSE(std::ranges::any_of(boxes, overlapping)) << box.x << ' ' << box.y;
  }
}

TEST(SvgLayout, HasNoOverlappingBoxes) {
  for (const int count : {0, 1, 2, 15, 100}) {
    const auto layout = report::lay_out(report::picture(large_node(count)));
    auto boxes = layout.namespaces;
    if (layout.host.size() == 1) boxes.push_back(layout.host.front());
    for (std::size_t i = 1; i < layout.host.size(); ++i) boxes.push_back(layout.host[i]);
    expect_apart(boxes);
    expect_apart(boxes_of(layout.bridges));
    expect_apart(layout.ports);
  }
}

TEST(SvgLayout, KeepsAllBoxesInsideTheDrawing) {
  const auto layout = report::lay_out(report::picture(large_node(15)));
  const Rectangle drawing{0, 0, layout.size.x, layout.size.y};
  for (const auto& box : layout.namespaces) EXPECT_TRUE(encloses(drawing, box));
  for (const auto& box : layout.host) EXPECT_TRUE(encloses(drawing, box));
  for (const auto& [box, bridge, is_continued] : layout.bridges) EXPECT_TRUE(enclosed(layout.host, box)) << bridge;
}

TEST(SvgLayout, KeepsPortsInTheirBridge) {
  for (const int count : {1, 15, 100}) {
    const auto drawing = report::picture(large_node(count));
    const auto layout = report::lay_out(drawing);
    for (std::size_t i = 0; i < drawing.pairs.size(); ++i) {
      if (drawing.pairs[i].other || drawing.pairs[i].bridge.empty()) continue;
      const auto holds = [&](const report::BridgePart& part) {
        return drawing.bridges[part.bridge].name == drawing.pairs[i].bridge && encloses(part.box, layout.ports[i]);
      };
      EXPECT_EQ(std::ranges::count_if(layout.bridges, holds), 1) << i << " of " << count;
    }
  }
}

/// A picture of one column would be ten times as high as wide.
TEST(SvgLayout, HasSeveralStripsForManyContainers) {
  EXPECT_EQ(report::lay_out(report::picture(large_node(2))).host.size(), 1U);
  const auto layout = report::lay_out(report::picture(large_node(100)));
  EXPECT_GT(layout.host.size(), 3U);
  EXPECT_LT(layout.size.y, 2 * layout.size.x);
  EXPECT_LT(layout.size.x, 4 * layout.size.y);
}

TEST(SvgLayout, ContinuesABridgeInTheNextStrip) {
  inspect::Node node{.hostname = "n", .bridges = {test::bridge("cni0")}};
  for (int i = 0; i < 60; ++i) node.attachments.push_back(test::bridged("b" + std::to_string(i), "cni0"));
  const auto layout = report::lay_out(report::picture(node));
  ASSERT_GT(layout.bridges.size(), 1U);
  EXPECT_FALSE(layout.bridges.front().is_continued);
  EXPECT_TRUE(layout.bridges.back().is_continued);
  EXPECT_TRUE(contains(report::svg(node), ">bridge cni0 (continued)<"));
}

TEST(SvgLayout, DrawsStraightLinesIfEachContainerHasOneInterface) {
  inspect::Node node{.hostname = "n"};
  for (const auto* name : {"a", "b", "c"}) node.attachments.push_back(test::routed(name));
  for (const auto& pair : report::lay_out(report::picture(node)).pairs) EXPECT_EQ(pair.start.y, pair.end.y);
}

TEST(SvgLayout, PlacesABridgeWithoutPorts) {
  const auto layout = report::lay_out(report::picture({.hostname = "n", .bridges = {test::bridge("cni0")}}));
  EXPECT_TRUE(encloses(layout.host.at(0), layout.bridges.at(0).box));
}

TEST(Svg, ContainsAllNamesAndAddresses) {
  const auto text = report::svg(test::small_node());
  EXPECT_TRUE(
      text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_TRUE(text.ends_with("</svg>\n"));
  for (const char* part : {">host node-1<", ">lo  fd00::1<", ">bridge cni0<", ">10.88.0.1/16<", ">veth-web<", ">web<",
                           ">10.1.2.2/24<", ">red<", ">blue<", ">10.1.2.3/24<"}) {
    EXPECT_TRUE(contains(text, part)) << part << " in\n" << text;
  }
}

TEST(Svg, ShowsMappedPortsAndRates) {
  const auto text = report::svg({.hostname = "n", .attachments = {test::with_services(test::routed("web"))}});
  for (const char* part : {">port 8080:80/tcp<", ">ingress 20 Mbit/s<", ">egress 10 Mbit/s<"}) {
    EXPECT_TRUE(contains(text, part)) << part << " in\n" << text;
  }
}

TEST(Svg, EscapesNames) {
  auto attachment = test::routed("web");
  attachment.netns = "/run/netns/<b>&\x01\"";
  const auto text = report::svg({.hostname = "n", .attachments = {attachment}});
  EXPECT_TRUE(contains(text, ">&lt;b&gt;&amp;\ufffd&quot;<")) << text;
}

TEST(Svg, MarksAttachmentsThatAreNotLive) {
  const auto broken =
      report::svg({.hostname = "n", .attachments = {test::in_state(test::routed("c"), inspect::State::broken)}});
  EXPECT_TRUE(contains(broken, "class=\"cable fault\"")) << broken;
  EXPECT_TRUE(contains(broken, ">net, broken<")) << broken;
  const auto passing =
      report::svg({.hostname = "n", .attachments = {test::in_state(test::routed("c"), inspect::State::in_flight)}});
  EXPECT_TRUE(contains(passing, "class=\"cable passing\"")) << passing;
}

TEST(Svg, ReportsThatThereAreNoAttachments) {
  EXPECT_TRUE(contains(report::svg({.hostname = "n"}), ">no attachments<"));
}

}  // namespace
