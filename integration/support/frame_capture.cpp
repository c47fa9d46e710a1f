#include "integration/support/frame_capture.hpp"

#include "integration/support/slowness.hpp"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip6.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace support {
namespace {

void listen_on(int socket, const Container& container) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex =
      in(container.netns, [&] { return static_cast<int>(::if_nametoindex(container.interface.c_str())); });
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(socket, generic, sizeof address) < 0) throw std::system_error{errno, std::generic_category(), "bind"};
}

template <class Header>
bool read_header(const std::string& frame, std::size_t offset, Header& header) {
  if (frame.size() < offset + sizeof header) return false;
  std::memcpy(&header, frame.data() + offset, sizeof header);
  return true;
}

std::string text_of(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(family, address, text.data(), text.size());
}

std::string arp_text(const std::string& frame) {
  ether_arp arp{};
  return read_header(frame, sizeof(ether_header), arp) ? "arp " + text_of(AF_INET, arp.arp_spa) : "";
}

std::string ipv6_text(const std::string& frame) {
  nd_neighbor_advert advertisement{};
  const std::size_t offset = sizeof(ether_header) + sizeof(ip6_hdr);
  if (!read_header(frame, offset, advertisement) || advertisement.nd_na_type != ND_NEIGHBOR_ADVERT) return {};
  return "neighbour advertisement " + text_of(AF_INET6, &advertisement.nd_na_target);
}

std::string announcement_of(const std::string& frame) {
  ether_header header{};
  if (!read_header(frame, 0, header)) return {};
  if (ntohs(header.ether_type) == ETHERTYPE_ARP) return arp_text(frame);
  return ntohs(header.ether_type) == ETHERTYPE_IPV6 ? ipv6_text(frame) : "";
}

bool is_echo(const std::string& frame) {
  constexpr std::size_t ipv4_protocol = 23;
  constexpr std::size_t ipv6_next_header = 20;
  constexpr std::size_t icmpv6_type = 54;
  const auto byte = [&](std::size_t index) {
    return frame.size() > index ? static_cast<unsigned char>(frame[index]) : 0;
  };
  if (byte(12) == 0x08 && byte(13) == 0x00) return byte(ipv4_protocol) == 1;
  const bool is_icmpv6 = byte(12) == 0x86 && byte(13) == 0xdd && byte(ipv6_next_header) == 58;
  return is_icmpv6 && (byte(icmpv6_type) == 128 || byte(icmpv6_type) == 129);
}

}  // namespace

FrameCapture::FrameCapture(const Container& container)
    : socket_(socket_in(container.netns, AF_PACKET, SOCK_RAW, htons(ETH_P_ALL))) {
  listen_on(socket_.get(), container);
}

std::vector<std::string> FrameCapture::frames(std::chrono::milliseconds timeout) const {
  std::vector<std::string> frames;
  pollfd ready{socket_.get(), POLLIN, 0};
  while (::poll(&ready, 1, static_cast<int>(timeout.count()) * slowness()) > 0) {
    std::array<char, 65536> buffer{};
    const auto length = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (length > 0) frames.emplace_back(buffer.data(), static_cast<std::size_t>(length));
  }
  return frames;
}

std::set<std::string> FrameCapture::announcements(std::chrono::milliseconds timeout) const {
  std::set<std::string> all;
  for (const auto& frame : frames(timeout)) all.insert(announcement_of(frame));
  all.erase("");
  return all;
}

std::vector<std::string> echoes(std::vector<std::string> frames) {
  std::erase_if(frames, [](const std::string& frame) { return !is_echo(frame); });
  std::sort(frames.begin(), frames.end());
  return frames;
}

}  // namespace support
