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

void expect_apart(const std::vector<Rectangle>& boxes) {
  for (const auto& box : boxes) {
    const auto overlapping = [&](const Rectangle& other) { return &other != &box && overlap(box, other); };
    EXPECT_FALSE(std::ranges::any_of(boxes, overlapping)) << box.x << ' ' << box.y;
  }
}

TEST(SvgLayout, HasNoOverlappingBoxes) {
  for (const int count : {0, 1, 2, 15}) {
    const auto layout = report::lay_out(report::picture(large_node(count)));
    auto boxes = layout.namespaces;
    boxes.push_back(layout.host);
    expect_apart(boxes);
    expect_apart(layout.bridges);
    expect_apart(layout.ports);
  }
}

TEST(SvgLayout, KeepsAllBoxesInsideTheDrawing) {
  const auto layout = report::lay_out(report::picture(large_node(15)));
  const Rectangle drawing{0, 0, layout.size.x, layout.size.y};
  for (const auto& box : layout.namespaces) EXPECT_TRUE(encloses(drawing, box));
  for (const auto& box : layout.bridges) EXPECT_TRUE(encloses(layout.host, box));
}

TEST(SvgLayout, KeepsPortsInTheirBridge) {
  const auto drawing = report::picture(large_node(15));
  const auto layout = report::lay_out(drawing);
  for (std::size_t i = 0; i < drawing.pairs.size(); ++i) {
    const auto bridge = std::ranges::find(drawing.bridges, drawing.pairs[i].bridge, &inspect::Bridge::name);
    if (bridge == drawing.bridges.end()) continue;
    const auto number = static_cast<std::size_t>(bridge - drawing.bridges.begin());
    EXPECT_TRUE(encloses(layout.bridges[number], layout.ports[i])) << i;
  }
}

TEST(SvgLayout, DrawsStraightLinesIfEachContainerHasOneInterface) {
  inspect::Node node{.hostname = "n"};
  for (const auto* name : {"a", "b", "c"}) node.attachments.push_back(test::routed(name));
  for (const auto& pair : report::lay_out(report::picture(node)).pairs) EXPECT_EQ(pair.start.y, pair.end.y);
}

TEST(SvgLayout, PlacesABridgeWithoutPorts) {
  const auto layout = report::lay_out(report::picture({.hostname = "n", .bridges = {test::bridge("cni0")}}));
  EXPECT_TRUE(encloses(layout.host, layout.bridges.at(0)));
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
