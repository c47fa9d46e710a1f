#pragma once

#include "plugin/kernel/nat_elements.hpp"
#include "plugin/kernel/nat_table.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/kernel/nft_objects.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

namespace kernel {

/// A chain in words, "inet postrouting": families have chains of the same name.
std::string full_name(NftFamily family, const std::string& chain);

/// What exists of that which was asked for.
struct NftState {
  std::vector<std::string> chains;  ///< by their full names
  std::vector<NftElement> elements;
  std::map<NftFamily, std::string> lives;  ///< of the tables whose first chain was asked for and exists
};

/// Questions, lists and transactions of nftables over one socket. A transaction that the kernel refuses costs 8 to 32
/// ms and a question 3 us, so every change is preceded by a question, and is tried again where another process was
/// faster.
class NftSession {
 public:
  /// In the network namespace of the calling thread.
  NftSession();

  /// Which of the parts and elements stand, and which tables are complete: in one send.
  NftState look(std::span<const NeededPart> parts, std::span<const WantedElement> wanted);

  std::vector<NftChain> chains(NftFamily family);
  std::vector<FoundRule> rules(NftFamily family);
  std::vector<std::string> sets(NftFamily family);
  std::vector<NftElement> elements(NftFamily family, const std::string& set);
  std::uint32_t generation();

  /// One transaction; false where another process was faster. With `generation` it is carried out only where nothing
  /// has changed since. Throws what else the kernel refuses.
  bool commit(std::vector<NetlinkRequest> changes, std::optional<std::uint32_t> generation = std::nullopt);

  /// Calls `act` until it returns true. Others may change the same things between our question and our change, each
  /// time anew but not for long: then throws what was refused last.
  void insist(const std::function<bool()>& act);

  NetlinkSocket& socket() { return socket_; }

 private:
  bool has_nftables();
  bool has_moved_since_look();
  std::vector<std::string> ask(std::span<const NetlinkRequest> questions);
  std::vector<std::string> list(const NetlinkRequest& question);

  NetlinkSocket socket_;
  std::optional<std::system_error> last_refusal_;
  std::optional<std::uint16_t> looked_at_;  ///< the generation, as the answers to the last look carry it
};

}  // namespace kernel
