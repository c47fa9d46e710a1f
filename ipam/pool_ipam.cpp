#include "ipam/pool_ipam.hpp"

#include "ipam/exec_ipam.hpp"
#include "ipam/range_ipam.hpp"
#include "ipam/reservation.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/posix/program.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"

#include <chrono>
#include <system_error>
#include <utility>
#include <variant>

namespace ipam {
namespace {

constexpr std::chrono::seconds claim_timeout{5};
constexpr const char* claim_program = "veth-node";

/// A gateway that belongs to no block, so that it takes no address: the next hop of mode ptp.
cni::IpAddress link_local_gateway(cni::Family family) {
  return *cni::find_address(family == cni::Family::ipv4 ? "169.254.1.1" : "fe80::1");
}

/// nullopt if the range contains only the address of the node.
std::optional<cni::RangeConfig> range_of(const cni::Prefix& prefix, bool has_node_address) {
  auto first = cni::first_address(prefix);
  const auto last = cni::last_address(prefix);
  if (has_node_address && first == last) return std::nullopt;
  if (has_node_address) ++first.bits;
  return cni::RangeConfig{
      .subnet = prefix, .range_start = first, .range_end = last, .gateway = link_local_gateway(prefix.address.family)};
}

bool is_exhausted(const cni::Error& error) {
  return error.code == static_cast<unsigned>(cni::ErrorCode::addresses_exhausted);
}

std::vector<cni::RangeConfig> ranges_of(const std::vector<state::Block>& blocks, cni::Family family) {
  std::vector<cni::RangeConfig> ranges;
  for (const auto& block : blocks) {
    for (const auto& prefix : block.prefixes) {
      if (prefix.address.family != family) continue;
      if (auto range = range_of(prefix, &block == &blocks.front())) ranges.push_back(*std::move(range));
    }
  }
  return ranges;
}

/// The failure if all blocks are full; null for any other result.
const AllocationFailure* find_exhaustion(const Allocation& allocation) {
  const auto* failure = std::get_if<AllocationFailure>(&allocation);
  return failure != nullptr && !failure->holder && is_exhausted(failure->error) ? failure : nullptr;
}

/// Single addresses without a gateway: the node routes each of them, and the other addresses of the block may be
/// those of other networks. Packets between nodes keep their source addresses.
void complete(cni::Lease& lease, const std::vector<state::Block>& blocks) {
  for (auto& leased : lease.addresses) leased = {.address = cni::host_prefix(leased.address.address)};
  lease.pool = blocks.front().pool;
}

std::string output_of(const posix::Outcome& outcome) {
  auto text = outcome.output;
  while (text.ends_with('\n')) text.pop_back();
  return text.empty() ? std::string{} : ": " + text::printable(text);
}

}  // namespace

cni::NetworkConfig with_blocks(cni::NetworkConfig config, const std::vector<state::Block>& blocks) {
  config.ipam.ranges.clear();
  for (const auto family : {cni::Family::ipv4, cni::Family::ipv6}) {
    auto set = ranges_of(blocks, family);
    if (!set.empty()) config.ipam.ranges.push_back(std::move(set));
  }
  return config;
}

cni::NetworkConfig with_own_blocks(cni::NetworkConfig config) {
  if (config.ipam.pool.empty()) return config;
  const auto blocks = state::read_blocks(config.ipam.pool);
  return with_blocks(std::move(config), blocks);
}

/// If no block can be claimed, the caller tears down stale attachments and tries again.
Allocation PoolIpam::allocate() {
  auto allocation = allocate_from_blocks();
  const auto* full = find_exhaustion(allocation);
  if (full == nullptr) return allocation;
  const auto what = full->error.message;
  if (const auto fault = claim_block()) {
    return AllocationFailure{.error = {cni::ErrorCode::try_again_later, what + ", and " + *fault,
                                       "see the log of veth-node, and \"veth-node show\""}};
  }
  allocation = allocate_from_blocks();
  if (find_exhaustion(allocation) == nullptr) return allocation;
  return AllocationFailure{
      .error = {cni::ErrorCode::try_again_later, what + ", also in the block that was claimed now"}};
}

/// The lock keeps blocks from being removed until the addresses are taken.
Allocation PoolIpam::allocate_from_blocks() {
  const auto& pool = request_.config.ipam.pool;
  const auto lock = state::lock_blocks(pool, root_);
  const auto blocks = state::read_blocks(pool, root_);
  block_count_ = blocks.size();
  const auto request = with_ranges(blocks);
  if (request.config.ipam.ranges.empty()) return AllocationFailure{.error = no_block()};
  auto allocation = RangeIpam{request, folder_}.allocate();
  if (auto* lease = std::get_if<cni::Lease>(&allocation)) complete(*lease, blocks);
  return allocation;
}

cni::Request PoolIpam::with_ranges(const std::vector<state::Block>& blocks) const {
  auto request = request_;
  request.config = with_blocks(std::move(request.config), blocks);
  return request;
}

cni::Error PoolIpam::no_block() const {
  return {cni::ErrorCode::addresses_exhausted,
          "this node has no block of pool " + text::quoted(request_.config.ipam.pool)};
}

/// Why no block was claimed; nullopt: one was.
std::optional<std::string> PoolIpam::claim_block() const {
  const auto path = find_plugin_if_present(claim_program, request_.plugin_path);
  if (!path) {
    return "no block can be claimed: " + std::string{claim_program} + " is not in CNI_PATH [" +
           text::joined(request_.plugin_path, " ") + "]";
  }
  constexpr std::size_t most_output_bytes = 65536;
  try {
    const auto outcome = posix::run(
        {.path = *path,
         .arguments = {"claim", "--pool", request_.config.ipam.pool, "--beyond", std::to_string(block_count_)},
         .environment = delegate_environment(request_.verb),
         .input = {},
         .timeout = claim_timeout},
        most_output_bytes);
    if (outcome.exit_status == 0) return std::nullopt;
    const auto end = outcome.has_timed_out ? "did not end within 5 s" : "failed" + output_of(outcome);
    return "\"" + *path + " claim --pool " + request_.config.ipam.pool + "\" " + end;
  } catch (const std::system_error& error) {
    return "no block can be claimed: " + std::string{error.what()};
  }
}

void PoolIpam::check() {
  const auto request = with_ranges(state::read_blocks(request_.config.ipam.pool, root_));
  RangeIpam{request, folder_}.check();
}

void PoolIpam::gc(const std::set<cni::Tag>& valid) { release_unrecorded(request_, folder_, valid); }

/// nullopt if a block has a free address.
std::optional<cni::Error> PoolIpam::find_fault() try {
  const auto blocks = state::read_blocks(request_.config.ipam.pool, root_);
  block_count_ = blocks.size();
  const auto request = with_ranges(blocks);
  if (request.config.ipam.ranges.empty()) return no_block();
  RangeIpam{request, folder_}.status();
  return std::nullopt;
} catch (const cni::Error& error) {
  if (!is_exhausted(error)) throw;
  return error;
}

/// The block that is claimed here is the one that the next ADD needs.
void PoolIpam::status() {
  const auto full = find_fault();
  if (!full) return;
  const auto fault = claim_block();
  if (fault) throw cni::Error{cni::ErrorCode::addresses_exhausted, full->message + ", and " + *fault, full->details};
  if (const auto still_full = find_fault()) throw *still_full;
}

}  // namespace ipam
