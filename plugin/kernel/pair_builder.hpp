#pragma once

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/wiring.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace kernel {

/// Makes one wiring in few sends: the pair; all on the container's end; all on the host's end, which goes up; and for
/// each end a question, whether packets get through. What a failure has left goes with the pair when that is removed.
class PairBuilder {
 public:
  /// All have to outlive it. `home` is the host's namespace, `host` a socket where the host's end comes to stand:
  /// there, or in the site's peer.
  PairBuilder(const wiring::Wiring& wiring, const Site& site, int home, NetlinkSocket& host);

  /// Makes the pair. `footprint` gets its marks as soon as the kernel may have it, and the conflict leaves it there.
  BuildOutcome build(wiring::Footprint& footprint);

  /// Puts on both ends, which exist, what the wiring names: wiring::missing_parts() of what is wanted. `host` is the
  /// host's end under the name that it has now.
  std::optional<Conflict> repair(const Device& host);

 private:
  void create(wiring::Footprint& footprint);
  void restore_identity(const Device& host);
  void find();
  void join(std::vector<NetlinkRequest>& requests) const;
  void label(std::vector<NetlinkRequest>& requests) const;
  void make_port(std::vector<NetlinkRequest>& requests) const;
  void ask_to_forward(std::vector<NetlinkRequest>& requests) const;
  bool is_routed() const;
  void learn(const std::vector<std::string>& messages);
  void forward(const std::vector<std::string>& answers);
  [[noreturn]] void explain(const Refusal& refusal, const std::vector<NetlinkRequest>& requests);
  std::optional<Conflict> furnish();
  void add_addresses(const Device& device, const wiring::End& end, bool enable_dad,
                     std::vector<NetlinkRequest>& requests) const;
  void furnish_container();
  void tune_container();
  std::optional<Conflict> furnish_host();
  void open_loopback(std::vector<NetlinkRequest>& requests);
  void settle();
  bool is_settled();
  void let_container_talk();
  void let_host_talk();
  bool is_port_open();
  void announce();
  void enter_container();
  void inside_container(const std::function<void()>& act) const;
  void on_host(const std::function<void()>& act) const;

  const wiring::Wiring& wiring_;
  const Site& site_;
  int home_;
  NetlinkSocket& host_;
  std::optional<NetlinkSocket> container_;
  Link bridge_;  ///< mode bridge
  Device host_device_;
  Device container_device_;
  Device ifb_;                 ///< of a wiring with an egress limit
  bool has_gateways_ = false;  ///< they stand on the host's lo already
};

}  // namespace kernel
