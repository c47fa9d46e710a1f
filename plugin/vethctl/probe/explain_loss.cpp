#include "plugin/vethctl/probe/explain_loss.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace probe {
namespace {

using kernel::ProbeAnswer;
using kernel::Sighting;

/// An interface that packets between the endpoints pass.
struct PathInterface {
  std::size_t place = 0;
  std::string name{};
};

/// The ends of both attachments, and their bridges.
std::vector<PathInterface> path_of(const Plan& plan, const Places& places) {
  std::vector<PathInterface> path;
  for (std::size_t i = 0; i < plan.endpoints.size(); ++i) {
    const auto& endpoint = plan.endpoints[i];
    if (!endpoint.interface.empty()) path.push_back({places.of_endpoint.at(i).value(), endpoint.interface});
    for (const auto& name : {endpoint.host_interface, endpoint.bridge}) {
      if (!name.empty()) path.push_back({places.host, name});
    }
  }
  return path;
}

class Explanation {
 public:
  Explanation(const Tools& tools, const TestedPath& path, const Test& test, const ProbeAnswer& answer)
      : tools_(tools), plan_(path.plan), places_(path.places), test_(test), answer_(answer) {}

  Loss find() const {
    using Step = std::optional<Loss> (Explanation::*)() const;
    constexpr std::array<Step, 6> steps{&Explanation::by_rule,     &Explanation::by_interface, &Explanation::at_sender,
                                        &Explanation::at_receiver, &Explanation::on_host,      &Explanation::by_error};
    for (const auto step : steps) {
      if (auto loss = (this->*step)()) return *std::move(loss);
    }
    return at(last() == nullptr ? sender() : last()->place, Cause::unknown);
  }

 private:
  Loss at(std::size_t place, Cause cause, std::string object = {}) const {
    return {.cause = cause,
            .place = places_.names[place],
            .netns = places_.namespaces[place].path,
            .object = std::move(object)};
  }

  Loss with_error(Loss loss) const {
    loss.error = answer_.error;
    return loss;
  }

  std::size_t sender() const { return places_.of_endpoint.at(test_.from).value(); }
  std::optional<std::size_t> receiver() const { return places_.of_endpoint.at(test_.to); }
  const Sighting* last() const { return answer_.sightings.empty() ? nullptr : &answer_.sightings.back(); }
  bool is_answer_lost() const { return last() != nullptr && last()->is_answer; }

  /// The destination of the packet that was lost.
  const cni::IpAddress& destination() const { return is_answer_lost() ? test_.source : test_.destination; }

  std::optional<Loss> by_rule() const {
    if (answer_.drops.empty()) return std::nullopt;
    const auto& drop = answer_.drops.front();
    auto loss = at(drop.place, Cause::dropped_by_rule);
    loss.drop = drop;
    return loss;
  }

  std::optional<Loss> by_interface() const {
    for (const auto& [place, name] : path_of(plan_, places_)) {
      const auto found = tools_.inspector.find_interface(name, places_.namespaces[place]);
      if (!found) return at(place, Cause::interface_missing, name);
      if (!found->is_up) return at(place, Cause::interface_down, name);
    }
    return std::nullopt;
  }

  /// The packet did not leave the sender.
  std::optional<Loss> at_sender() const {
    const bool has_left = last() != nullptr && (last()->is_outgoing || last()->place != sender());
    if (has_left) return std::nullopt;
    if (!has_address(sender(), test_.source)) return at(sender(), Cause::no_address, cni::to_string(test_.source));
    if (auto loss = routing_at(sender())) return loss;
    if (answer_.kind == ProbeAnswer::Kind::not_sent) return with_error(at(sender(), Cause::not_sent));
    return std::nullopt;
  }

  /// The packet arrived in the namespace of the receiver, and no answer was seen to leave it.
  std::optional<Loss> at_receiver() const {
    const auto place = receiver();
    const bool has_arrived =
        place && last() != nullptr && last()->place == *place && !last()->is_outgoing && !last()->is_answer;
    if (!has_arrived) return std::nullopt;
    if (!has_address(*place, test_.destination)) return not_local_at(*place);
    if (!tools_.prober.find_next_hop(test_.source, places_.namespaces[*place])) {
      return at(*place, Cause::no_route, cni::to_string(test_.source));
    }
    if (auto loss = reverse_path_at(*place)) return loss;
    if (has_failed_next_hop(*place, test_.source)) return neighbour_failed_at(*place, test_.source);
    return at(*place, Cause::unanswered);
  }

  bool has_address(std::size_t place, const cni::IpAddress& address) const {
    const auto addresses = tools_.inspector.addresses(places_.namespaces[place]);
    return std::ranges::find(addresses, address, &cni::Prefix::address) != addresses.end();
  }

  Loss not_local_at(std::size_t place) const { return at(place, Cause::no_address, cni::to_string(test_.destination)); }

  /// The packet, or the answer, was seen last on the host or left it.
  std::optional<Loss> on_host() const {
    if (last() == nullptr || last()->place != places_.host) return std::nullopt;
    if (last()->is_outgoing) return after_host();
    if (auto loss = forwarding_on_host()) return loss;
    const auto routing = routing_at(places_.host);
    if (routing && routing->cause == Cause::no_route) return routing;
    if (auto loss = reverse_path_at(places_.host)) return loss;
    return routing;
  }

  std::optional<Loss> after_host() const {
    if (!receiver()) return at(places_.host, Cause::left_node, last()->interface);
    return std::nullopt;
  }

  std::optional<Loss> forwarding_on_host() const {
    const auto& netns = places_.namespaces[places_.host];
    const auto hop = tools_.prober.find_next_hop(destination(), netns);
    const bool is_ipv4 = destination().family == cni::Family::ipv4;
    if ((hop && hop->is_local) || tools_.prober.forwards(destination().family, netns)) return std::nullopt;
    return at(places_.host, Cause::forwarding_off, is_ipv4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding");
  }

  /// The kernel checks the reverse path of IPv4 only, and the host's state is the only one that can be queried.
  std::optional<Loss> reverse_path_at(std::size_t place) const {
    if (place != places_.host || test_.source.family != cni::Family::ipv4) return std::nullopt;
    const auto in = tools_.inspector.find_interface(last()->interface, places_.namespaces[place]);
    const auto& source = is_answer_lost() ? test_.destination : test_.source;
    if (!in || tools_.inspector.passes_rp_filter({source, destination(), in->index})) return std::nullopt;
    return at(place, Cause::reverse_path, last()->interface);
  }

  /// Route and neighbour of the next hop in this namespace.
  std::optional<Loss> routing_at(std::size_t place) const {
    const auto hop = tools_.prober.find_next_hop(destination(), places_.namespaces[place]);
    if (!hop) return at(place, Cause::no_route, cni::to_string(destination()));
    if (place == places_.host && leads_elsewhere(*hop)) return at(place, Cause::route_elsewhere, hop->interface);
    if (has_failed_next_hop(place, destination())) return neighbour_failed_at(place, destination());
    return std::nullopt;
  }

  /// Whether the host sends packets for an attachment through another interface than its host end or its bridge.
  bool leads_elsewhere(const kernel::NextHop& hop) const {
    const auto& endpoint = plan_.endpoints[is_answer_lost() ? test_.from : test_.to];
    const auto expected = endpoint.bridge.empty() ? endpoint.host_interface : endpoint.bridge;
    return !expected.empty() && !hop.is_local && !hop.interface.empty() && hop.interface != expected &&
           !hop.interface.starts_with(expected + '.');
  }

  cni::IpAddress next_address(std::size_t place, const cni::IpAddress& address) const {
    const auto hop = tools_.prober.find_next_hop(address, places_.namespaces[place]);
    return hop && hop->gateway ? *hop->gateway : address;
  }

  bool has_failed_next_hop(std::size_t place, const cni::IpAddress& address) const {
    return tools_.prober.has_failed_neighbour(next_address(place, address), places_.namespaces[place]);
  }

  /// The address itself is missing in the namespace of the receiver, or another next hop does not answer.
  Loss neighbour_failed_at(std::size_t place, const cni::IpAddress& address) const {
    const auto next = next_address(place, address);
    if (next == test_.destination && receiver() && !has_address(*receiver(), next)) return not_local_at(*receiver());
    return at(place, Cause::neighbour_failed, cni::to_string(next));
  }

  std::optional<Loss> by_error() const {
    if (answer_.kind != ProbeAnswer::Kind::rejected && answer_.kind != ProbeAnswer::Kind::refused) return std::nullopt;
    const auto place = last() == nullptr ? sender() : last()->place;
    return with_error(at(place, Cause::rejected, answer_.reporter ? cni::to_string(*answer_.reporter) : std::string{}));
  }

  const Tools& tools_;
  const Plan& plan_;
  const Places& places_;
  const Test& test_;
  const ProbeAnswer& answer_;
};

}  // namespace

Loss explain_loss(const Tools& tools, const TestedPath& path, const Test& test, const ProbeAnswer& answer) {
  return Explanation{tools, path, test, answer}.find();
}

Loss explain_black_hole(const Tools& tools, const Plan& plan, const Places& places, std::uint32_t mtu) {
  for (const auto& [place, name] : path_of(plan, places)) {
    const auto found = tools.inspector.find_interface(name, places.namespaces[place]);
    if (!found || found->mtu > mtu) continue;
    return {.cause = Cause::mtu_black_hole,
            .place = places.names[place],
            .netns = places.namespaces[place].path,
            .object = name};
  }
  return {.cause = Cause::mtu_black_hole};
}

}  // namespace probe
