#include "plugin/vethctl/probe.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/kernel/linux_prober.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/probe/endpoints.hpp"
#include "plugin/vethctl/probe/places.hpp"
#include "plugin/vethctl/probe/run_tests.hpp"
#include "plugin/vethctl/report/probe.hpp"
#include "plugin/vethctl/selection.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>

namespace vethctl {
namespace {

struct Range {
  unsigned lowest;
  unsigned highest;
};

/// `otherwise` if the option is not given.
unsigned number_option(const Arguments& arguments, const std::string& name, Range range, unsigned otherwise) {
  const auto text = arguments.value(name);
  if (!text) return otherwise;
  unsigned number = 0;
  const auto* end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, number);
  const bool is_valid = error == std::errc{} && rest == end && number >= range.lowest && number <= range.highest;
  if (is_valid) return number;
  throw UsageError{"--" + name + ' ' + text::quoted(*text) + ": must be a number from " + std::to_string(range.lowest) +
                   " to " + std::to_string(range.highest)};
}

probe::KnownEnds read_ends(const probe::Tools& tools, const Console& console) {
  const auto folders = inspect::open_folders(console.root, console.configurations);
  const auto host = tools.inspector.kernel.open_namespace(inspect::host_namespace_path, true);
  return {.attachments = inspect::read_attachments(tools.inspector, folders),
          .host_addresses = tools.inspector.addresses(host)};
}

bool is_same_end(const probe::Endpoint& left, const probe::Endpoint& right) {
  return left.netns == right.netns && left.interface == right.interface && right.port == 0;
}

void check_ends(const probe::Endpoint& from, const probe::Endpoint& to) {
  if (from.port != 0) throw UsageError{text::quoted(from.name) + ": a port of the host can only be the second operand"};
  if (from.netns.empty() && to.netns.empty()) {
    throw UsageError{text::quoted(from.name) + " and " + text::quoted(to.name) +
                     " are not on this node: one of them must be an attachment or the host"};
  }
  if (is_same_end(from, to))
    throw UsageError{text::quoted(from.name) + " and " + text::quoted(to.name) + " are the same"};
}

/// The host reaches its own mapped ports over the loopback addresses.
void use_loopback(const probe::Endpoint& from, probe::Endpoint& to) {
  if (to.port == 0 || from.netns != to.netns) return;
  to.addresses = {cni::find_address("127.0.0.1").value(), cni::find_address("::1").value()};
}

probe::Plan make_plan(const Arguments& arguments, const probe::KnownEnds& known) {
  constexpr Range ports{1, 65'535};
  const auto port = static_cast<std::uint16_t>(number_option(arguments, "port", ports, 0));
  const probe::Selection select = [&](const std::string& word) -> const inspect::Attachment& {
    return select_one(known.attachments, word);
  };
  auto from = probe::find_endpoint(known, arguments.operands[0], select);
  auto to = probe::find_endpoint(known, arguments.operands[1], select);
  check_ends(from, to);
  probe::prefer_addresses_near(from, to, known);
  probe::prefer_addresses_near(to, from, known);
  use_loopback(from, to);
  return probe::plan_tests(from, to, port);
}

probe::Options options_of(const Arguments& arguments) {
  constexpr Range counts{1, 1000};
  constexpr Range timeouts{10, 60'000};
  const probe::Options defaults;
  const auto timeout = static_cast<unsigned>(defaults.timeout.count());
  return {.count = number_option(arguments, "count", counts, defaults.count),
          .timeout = std::chrono::milliseconds{number_option(arguments, "timeout", timeouts, timeout)}};
}

[[noreturn]] void refuse_empty_plan(const probe::Plan& plan) {
  throw cni::Error{cni::ErrorCode::invalid_environment,
                   text::quoted(plan.endpoints[0].name) + " and " + text::quoted(plan.endpoints[1].name) +
                       " have no addresses of the same family: there is nothing to test",
                   "see vethctl show"};
}

}  // namespace

int run_probe(const Arguments& arguments, const Console& console, const probe::Tools& tools) {
  const auto options = options_of(arguments);
  const auto plan = make_plan(arguments, read_ends(tools, console));
  if (plan.tests.empty()) refuse_empty_plan(plan);
  const auto places = probe::open_places(tools.inspector.kernel, plan);
  const auto results = probe::run_tests(tools, plan, places, options);
  console.print(arguments.wants_json() ? report::json(plan, results) : report::probe(plan, results, console.width));
  const bool is_any_lost = std::ranges::find(results, probe::Status::lost, &probe::Result::status) != results.end();
  return is_any_lost ? found_faults : success;
}

Command probe_command() {
  return {
      .name = "probe",
      .operands = "A B",
      .min_operands = 2,
      .max_operands = 2,
      .summary = "send packets between A and B and show where they are lost",
      .description =
          "Sends real packets from A to B and from B to A, from inside their network namespaces: ICMP echo requests, "
          "TCP connections and UDP datagrams, over IPv4 and IPv6, and measures the path MTU. For a loss it prints the "
          "interface that the packet passed last, the cause if the kernel shows it (an interface that is down, a "
          "missing route or address, a neighbour that does not answer, a rule of nftables, forwarding, rp_filter, an "
          "MTU), and the next command.\n\n"
          "A and B are: an attachment as for show; the second namespace of a cable; \"host\"; an IP address of an "
          "attachment, of the host, or outside of this node; B also \"host:PORT\", a mapped port, which is tested with "
          "TCP. An address outside cannot send: only the direction to it is tested.\n\n"
          "TCP and UDP need no program in B: a temporary socket listens there on a free port. With --port, they are "
          "sent to this port of B. A refused connection shows that the packets arrive. All tests run at the same "
          "time. The command leaves nothing behind: its sockets, and its table of nftables, which traces packets that "
          "were lost, end with its process.\n\n"
          "The exit status is 0 if all packets arrive, and 1 if a test is lost.",
      .options = {{.name = "port", .value = "PORT", .help = "send TCP and UDP to this port of B"},
                  {.name = "count", .value = "N", .help = "packets of each test (default: 1)"},
                  {.name = "timeout",
                   .value = "MILLISECONDS",
                   .help = "time to wait for the answers to the packets (default: 700)"},
                  output_option()},
      .examples = {"vethctl probe web db --port 5432", "vethctl probe web host", "vethctl probe web 192.0.2.1",
                   "vethctl probe host host:8080"},
      .run = [](const Arguments& arguments, const Console& console) {
        kernel::LinuxKernel kernel;
        kernel::LinuxInspector inspector{kernel};
        kernel::LinuxProber prober;
        return run_probe(arguments, console, {inspector, prober});
      }};
}

}  // namespace vethctl
