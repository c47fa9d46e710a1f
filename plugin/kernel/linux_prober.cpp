#include "plugin/kernel/linux_prober.hpp"

#include "plugin/kernel/links.hpp"
#include "plugin/kernel/message.hpp"
#include "plugin/kernel/network_namespace.hpp"
#include "plugin/kernel/packet_capture.hpp"
#include "plugin/kernel/packet_trace.hpp"
#include "plugin/kernel/probe_socket.hpp"
#include "plugin/kernel/routes.hpp"
#include "plugin/kernel/sysctls.hpp"
#include "plugin/posix/random.hpp"
#include "plugin/posix/system_error.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <iterator>
#include <utility>

namespace kernel {
namespace {

using std::chrono::steady_clock;

/// Numbers far enough apart that each socket finds a free one. Each is below the default range of ephemeral ports.
std::vector<std::uint16_t> choose_ids(std::size_t count) {
  constexpr std::uint64_t lowest = 10'000;
  constexpr std::uint64_t range = 20'000;
  constexpr std::uint64_t distance = 16;
  const auto first = posix::random_number() % range;
  std::vector<std::uint16_t> ids;
  for (std::size_t i = 0; i < count; ++i) {
    ids.push_back(static_cast<std::uint16_t>(lowest + (first + i * distance) % range));
  }
  return ids;
}

std::vector<std::uint16_t> ids_of(const std::vector<ProbeSocket>& sockets) {
  std::vector<std::uint16_t> ids;
  std::ranges::transform(sockets, std::back_inserter(ids), &ProbeSocket::id);
  return ids;
}

int milliseconds_until(steady_clock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void wait_for_answers(std::vector<ProbeSocket>& sockets, std::chrono::milliseconds timeout) {
  const auto end = steady_clock::now() + timeout;
  for (;;) {
    std::vector<pollfd> files;
    for (const auto& socket : sockets) socket.add_to(files);
    if (files.empty()) return;
    const int ready = ::poll(files.data(), files.size(), milliseconds_until(end));
    if (ready < 0 && errno != EINTR) posix::throw_errno("wait for the answers to probe packets");
    for (auto& socket : sockets) socket.receive();
    if (ready == 0 && steady_clock::now() >= end) return;
  }
}

bool belongs_to(const CapturedPacket& captured, const ProbeSocket& socket) {
  return captured.id == socket.id() && captured.protocol == socket.packet().protocol &&
         captured.family == socket.packet().destination.family;
}

struct TimedSighting {
  std::int64_t time_ns = 0;
  Sighting sighting{};
};

std::vector<Sighting> sightings_of(const ProbeSocket& socket,
                                   const std::vector<std::vector<CapturedPacket>>& captured) {
  std::vector<TimedSighting> timed;
  for (std::size_t place = 0; place < captured.size(); ++place) {
    for (const auto& packet : captured[place]) {
      if (!belongs_to(packet, socket)) continue;
      timed.push_back({packet.time_ns, {place, packet.interface, packet.is_outgoing, packet.is_answer}});
    }
  }
  std::ranges::stable_sort(timed, {}, &TimedSighting::time_ns);
  std::vector<Sighting> sightings;
  sightings.reserve(timed.size());
  for (auto& item : timed) sightings.push_back(std::move(item.sighting));
  return sightings;
}

/// The state of the interface through which the kernel reaches an address.
std::uint16_t neighbour_state(const std::string& message, const cni::IpAddress& address) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  if (header->nlmsg_type != RTM_NEWNEIGH || nlmsg_valid_hdr(header, sizeof(ndmsg)) == 0) return 0;
  const auto found = find_address(nlmsg_find_attr(header, sizeof(ndmsg), NDA_DST), address.family);
  return found == address ? static_cast<const ndmsg*>(nlmsg_data(header))->ndm_state : std::uint16_t{0};
}

NetlinkRequest list_all_neighbours(cni::Family family) {
  ndmsg filter{};
  filter.ndm_family = static_cast<std::uint8_t>(kernel_family(family));
  return {new_message(RTM_GETNEIGH, filter), "list neighbours", {EAFNOSUPPORT, EOPNOTSUPP}};
}

/// The sockets, captures and traces of one call.
class Exchange {
 public:
  Exchange(std::span<const ProbePacket> packets, std::span<const Namespace> places, int own_netns)
      : places_(places), own_netns_(own_netns) {
    for (const auto& packet : packets) sockets_.emplace_back(packet);
  }

  std::vector<ProbeAnswer> run(const ProbeOptions& options) {
    open();
    observe(options.trace);
    for (auto& socket : sockets_) socket.send();
    wait_for_answers(sockets_, options.timeout);
    return answers();
  }

 private:
  void in_place(std::size_t place, const std::function<void()>& action) {
    run_inside(places_[place].file.get(), own_netns_, action);
  }

  void open() {
    const auto ids = choose_ids(sockets_.size());
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      auto& socket = sockets_[i];
      if (const auto listener = socket.packet().listener) in_place(*listener, [&] { socket.listen(); });
      in_place(socket.packet().from, [&] { socket.open(ids[i]); });
    }
  }

  void observe(bool with_trace) {
    const auto ids = ids_of(sockets_);
    for (std::size_t place = 0; place < places_.size(); ++place) {
      in_place(place, [&] {
        captures_.emplace_back(ids);
        if (with_trace) traces_.emplace_back(ids);
      });
    }
  }

  std::vector<ProbeAnswer> answers() {
    std::vector<std::vector<CapturedPacket>> captured;
    for (const auto& capture : captures_) captured.push_back(capture.read());
    for (auto& socket : sockets_) socket.answer.sightings = sightings_of(socket, captured);
    for (std::size_t place = 0; place < traces_.size(); ++place) add_drops(place);
    std::vector<ProbeAnswer> all;
    for (auto& socket : sockets_) all.push_back(std::move(socket.answer));
    return all;
  }

  void add_drops(std::size_t place) {
    for (auto& traced : traces_[place].read()) {
      traced.drop.place = place;
      const auto socket = std::ranges::find(sockets_, traced.id, &ProbeSocket::id);
      if (socket != sockets_.end()) socket->answer.drops.push_back(std::move(traced.drop));
    }
  }

  std::span<const Namespace> places_;
  int own_netns_;
  std::vector<ProbeSocket> sockets_{};
  std::vector<PacketCapture> captures_{};
  std::vector<PacketTrace> traces_{};
};

}  // namespace

LinuxProber::LinuxProber() : own_netns_(open_own_namespace()) {}

std::vector<ProbeAnswer> LinuxProber::exchange(std::span<const ProbePacket> packets, std::span<const Namespace> places,
                                               const ProbeOptions& options) {
  return Exchange{packets, places, own_netns_.get()}.run(options);
}

std::optional<NextHop> LinuxProber::find_next_hop(const cni::IpAddress& destination, const Namespace& netns) {
  auto socket = open_socket_inside(netns.file.get(), own_netns_.get());
  const auto answers = socket.send(batch_of(get_route(destination)));
  for (const auto& message : answers.messages) {
    const auto found = find_route(message);
    if (!found) continue;
    const auto link = first_link(socket.send_or_throw(get_link(found->device_index)));
    return NextHop{link ? link->name : std::string{}, found->route.gateway, found->is_local};
  }
  return std::nullopt;
}

bool LinuxProber::has_failed_neighbour(const cni::IpAddress& address, const Namespace& netns) {
  constexpr int failed = NUD_FAILED | NUD_INCOMPLETE;
  auto socket = open_socket_inside(netns.file.get(), own_netns_.get());
  return std::ranges::any_of(socket.dump(list_all_neighbours(address.family)), [&](const std::string& message) {
    return (neighbour_state(message, address) & failed) != 0;
  });
}

bool LinuxProber::forwards(cni::Family family, const Namespace& netns) {
  auto socket = open_socket_inside(netns.file.get(), own_netns_.get());
  for (const auto& message : socket.send_or_throw(get_forwarding(family))) {
    if (const auto found = find_forwarding(message)) return found->is_on;
  }
  return false;
}

}  // namespace kernel
