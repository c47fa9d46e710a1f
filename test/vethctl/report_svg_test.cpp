#include "plugin/vethctl/report/svg.hpp"
#include "plugin/vethctl/report/svg_layout.hpp"
#include "test/vethctl/nodes.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace {

using report::Rectangle;
using test::holds;

inspect::Node crowd(int count) {
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

TEST(SvgLayout, LaysNoBoxOverAnother) {
  for (const int count : {0, 1, 2, 15}) {
    const auto layout = report::lay_out(report::picture(crowd(count)));
    auto boxes = layout.spaces;
    boxes.push_back(layout.host);
    expect_apart(boxes);
    expect_apart(layout.bridges);
    expect_apart(layout.ports);
  }
}

TEST(SvgLayout, KeepsEverythingOnThePaper) {
  const auto layout = report::lay_out(report::picture(crowd(15)));
  const Rectangle paper{0, 0, layout.size.x, layout.size.y};
  for (const auto& box : layout.spaces) EXPECT_TRUE(encloses(paper, box));
  for (const auto& box : layout.bridges) EXPECT_TRUE(encloses(layout.host, box));
}

TEST(SvgLayout, KeepsPortsInTheirBridge) {
  const auto drawing = report::picture(crowd(15));
  const auto layout = report::lay_out(drawing);
  for (std::size_t i = 0; i < drawing.cables.size(); ++i) {
    const auto bridge = std::ranges::find(drawing.bridges, drawing.cables[i].bridge, &inspect::Bridge::name);
    if (bridge == drawing.bridges.end()) continue;
    const auto number = static_cast<std::size_t>(bridge - drawing.bridges.begin());
    EXPECT_TRUE(encloses(layout.bridges[number], layout.ports[i])) << i;
  }
}

TEST(SvgLayout, LeadsCablesStraightWhereEachContainerHasOne) {
  inspect::Node node{.hostname = "n"};
  for (const auto* name : {"a", "b", "c"}) node.attachments.push_back(test::routed(name));
  for (const auto& cable : report::lay_out(report::picture(node)).cables) EXPECT_EQ(cable.start.y, cable.end.y);
}

TEST(SvgLayout, HasRoomForABridgeWithoutPorts) {
  const auto layout = report::lay_out(report::picture({.hostname = "n", .bridges = {test::bridge("cni0")}}));
  EXPECT_TRUE(encloses(layout.host, layout.bridges.at(0)));
}

TEST(Svg, NamesAllThatThereIs) {
  const auto text = report::svg(test::small_node());
  EXPECT_TRUE(
      text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_TRUE(text.ends_with("</svg>\n"));
  for (const char* part : {">host node-1<", ">lo  fd00::1<", ">bridge cni0<", ">10.88.0.1/16<", ">veth-web<", ">web<",
                           ">10.1.2.2/24<", ">red<", ">blue<", ">10.1.2.3/24<"}) {
    EXPECT_TRUE(holds(text, part)) << part << " in\n" << text;
  }
}

TEST(Svg, EscapesNames) {
  auto attachment = test::routed("web");
  attachment.netns = "/run/netns/<b>&\x01\"";
  const auto text = report::svg({.hostname = "n", .attachments = {attachment}});
  EXPECT_TRUE(holds(text, ">&lt;b&gt;&amp;\ufffd&quot;<")) << text;
}

TEST(Svg, MarksWhatIsNotLive) {
  const auto broken =
      report::svg({.hostname = "n", .attachments = {test::in_state(test::routed("c"), inspect::State::broken)}});
  EXPECT_TRUE(holds(broken, "class=\"cable fault\"")) << broken;
  EXPECT_TRUE(holds(broken, ">net, broken<")) << broken;
  const auto passing =
      report::svg({.hostname = "n", .attachments = {test::in_state(test::routed("c"), inspect::State::in_flight)}});
  EXPECT_TRUE(holds(passing, "class=\"cable passing\"")) << passing;
}

TEST(Svg, SaysThatNothingIsAttached) { EXPECT_TRUE(holds(report::svg({.hostname = "n"}), ">nothing is attached<")); }

}  // namespace
