// vethctl graph --format html in a browser without a network: search, filters, details and links work, and a name with
// markup is text.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/slowness.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace support;

const std::filesystem::path page_folder{"/run/page"};
constexpr const char* chromium = "/usr/bin/chromium";

std::string page_text() {
  const auto outcome = vethctl({"graph", "--format", "html"});
  EXPECT_EQ(outcome.exit, 0) << outcome.err;
  return outcome.out;
}

Outcome browse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(),
                   {chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--allow-file-access-from-files", "--virtual-time-budget=5000",
                    "--user-data-dir=" + (page_folder / "profile").string()});
  return run({.argv = std::move(arguments), .environment = {"HOME=" + page_folder.string()}});
}

/// Runs the script in a document that contains the page as a frame, and returns what it assigns to `result`. In it,
/// `page` is the document of the page and `cards` returns the names of the visible attachments.
std::string result_of(const std::string& script) {
  std::ofstream{page_folder / "frame.html"} << R"(<iframe id="frame" src="page.html" width="1200" height="900"></iframe>
<pre id="result"></pre><script>
frame.onload = async () => {
  const page = frame.contentDocument;
  const cards = () => [...page.querySelectorAll(".card")].filter((card) => card.checkVisibility()).map((card) => card.dataset.name).join(" ");
  const set = (id, value) => {
    page.getElementById(id).value = value;
    page.getElementById(id).dispatchEvent(new Event("input"));
  };
  let result = "";
  try { )" << script << R"( } catch (error) { result = String(error); }
  document.getElementById("result").textContent = "[" + result + "]";
};
</script>)";
  const auto outcome = browse({"--dump-dom", "file://" + (page_folder / "frame.html").string()});
  EXPECT_EQ(outcome.exit, 0) << outcome.err;
  const auto begin = outcome.out.find("<pre id=\"result\">[");
  const auto end = outcome.out.find("]</pre>", begin);
  if (begin == std::string::npos || end == std::string::npos) return "no result: " + outcome.out + outcome.err;
  return outcome.out.substr(begin + 18, end - begin - 18);
}

/// Two attachments of two networks, one with a fault.
class GraphHtml : public testing::Test {
 protected:
  void SetUp() override {
    if (slowness() > 1) GTEST_SKIP() << "NOT RUN: the browser takes minutes in an emulated machine";
    if (!std::filesystem::exists(chromium)) GTEST_SKIP() << "NOT RUN: chromium is not installed";
    std::filesystem::create_directories(page_folder);
    auto other = ipv4_only();
    other["name"] = "other";
    ASSERT_EQ(add(a, dual_stack()).exit, 0);
    const auto added = add(b, other);
    ASSERT_EQ(added.exit, 0) << added;
    run_ip(Namespace::host(), {"link", "set", host_interface_of(added.result), "down"});
    std::ofstream{page_folder / "page.html"} << page_text();
  }
  void TearDown() override { std::filesystem::remove_all(page_folder); }

  const Container a{"a"};
  const Container b{"b"};
};

TEST_F(GraphHtml, SearchesAndFilters) {
  EXPECT_EQ(result_of(R"(
    const results = [cards()];
    for (const [id, value] of [['search', 'FD00:1:2::2'], ['search', 'eth0 nowhere'], ['network', 'other'],
                               ['state', '!'], ['state', '=live']]) {
      set(id, value);
      results.push(cards() + ' ' + page.getElementById('shown').textContent);
      page.getElementById('filters').reset();
    }
    result = results.join('; ');)"),
            "net/a/eth0 other/b/eth0; net/a/eth0 1 of 2;  0 of 2; other/b/eth0 1 of 2; other/b/eth0 1 of 2; "
            "net/a/eth0 other/b/eth0 2 of 2");
}

TEST_F(GraphHtml, ShowsDetailsOnFocusAndKeepsThemAfterAClick) {
  EXPECT_EQ(result_of(R"(
    const card = page.getElementById('a0');
    const panel = page.getElementById('panel');
    const line = () => panel.checkVisibility() ? panel.querySelector('pre').textContent.split('\n')[1] : 'hidden';
    const results = [];
    card.dispatchEvent(new Event('mouseenter'));
    results.push(line());
    card.dispatchEvent(new Event('mouseleave'));
    results.push(line());
    card.focus();
    results.push(line());
    card.blur();
    results.push(line());
    card.click();
    card.dispatchEvent(new Event('mouseleave'));
    results.push(line());
    panel.querySelector('button').click();
    results.push(line());
    result = results.join('; ');)"),
            "container  a; hidden; container  a; hidden; container  a; hidden");
}

TEST_F(GraphHtml, LeadsFromAFindingToItsAttachment) {
  EXPECT_EQ(result_of("set('network', 'net'); page.querySelector('#findings a').click();"
                      "await new Promise((done) => setTimeout(done, 200));"
                      "result = page.activeElement.dataset.name + ' ' + cards();"),
            "other/b/eth0 net/a/eth0 other/b/eth0");
}

/// A folder and an interface can have such names.
TEST_F(GraphHtml, ShowsMarkupInNamesAsText) {
  const std::filesystem::path hostile_folder{
      "/run/</script><script>document.title=1</script><img src=x onerror=document.title=2>"};
  std::filesystem::create_directories(hostile_folder);
  std::filesystem::create_symlink(a.netns.path(), hostile_folder / "pod");
  const std::string interface = R"("'><b>x)";
  const auto connected =
      vethctl({"connect", hostile_folder / "pod", b.netns.path(), "--ifname", interface, "--peer-ifname", "eth9"});
  ASSERT_EQ(connected.exit, 0) << connected.err;
  std::ofstream{page_folder / "page.html"} << page_text();
  EXPECT_EQ(result_of(R"(
    const card = page.querySelector('.between .card');
    card.click();
    const panel = page.getElementById('panel').textContent;
    result = [page.title.startsWith('network of '), page.scripts.length, page.images.length,
              card.querySelectorAll('b').length, card.querySelector('b').textContent === `"'><b>x`,
              panel.includes('<' + 'script>document.title=1<' + '/script>')].join(' ');)"),
            "true 1 0 2 true true");
  const auto listed = json::parse(vethctl({"list", "vethctl", "--output", "json"}).out);
  const auto container = listed.at(0).at("container").get<std::string>();
  EXPECT_EQ(vethctl({"disconnect", container, "--ifname", interface}).exit, 0);
  std::filesystem::remove_all("/run/<");
}

TEST_F(GraphHtml, FitsIntoANarrowWindow) {
  for (const char* width : {"400", "1600"}) {
    EXPECT_EQ(result_of("frame.width = " + std::string{width} +
                        "; page.getElementById('a0').click(); const root = page.documentElement;"
                        "result = root.scrollWidth <= root.clientWidth;"),
              "true")
        << width;
  }
}

TEST_F(GraphHtml, IsDrawnByTheBrowser) {
  const auto picture = page_folder / "page.png";
  EXPECT_EQ(browse({"--screenshot=" + picture.string(), "file://" + (page_folder / "page.html").string()}).exit, 0);
  EXPECT_GT(std::filesystem::file_size(picture), 5000U);
}

TEST(GraphHtmlPage, ContainsTheHashOfItsScript) {
  if (run({.argv = {"sh", "-c", "command -v python3"}}).exit != 0) GTEST_SKIP() << "NOT RUN: python3 is missing";
  const auto text = page_text();
  const auto hash = run({.argv = {"python3", "-c",
                                  "import base64, hashlib, re, sys\n"
                                  "script = re.search('<script>(.*)</script>', sys.stdin.read(), re.S).group(1)\n"
                                  "print(base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(), end='')"},
                         .input = text});
  EXPECT_NE(text.find("script-src 'sha256-" + hash.out + "'"), std::string::npos)
      << "html_script_hash() must return sha256-" << hash.out << hash.err;
}

}  // namespace
