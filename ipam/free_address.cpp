#include "ipam/free_address.hpp"

#include <algorithm>
#include <iterator>

namespace ipam {
namespace {

/// Number of addresses that are tested one by one before the free list is read.
constexpr int tests_before_free_list = 32;

/// Limits the time to read the list. The next list is written after as many allocations.
constexpr std::size_t longest_free_list = 1000;

class Search {
 public:
  Search(const state::Folder& folder, const SearchedSet& searched) : folder_(folder), searched_(searched) {}

  FreeAddress run() const {
    const auto first =
        searched_.cursor ? next_candidate(searched_.set, *searched_.cursor) : first_candidate(searched_.set);
    auto address = first;
    for (int tests = 0; address && tests < tests_before_free_list; ++tests) {
      if (!is_taken(*address)) return {.address = address};
      address = next_candidate(searched_.set, *address);
      if (address == first) break;
    }
    if (const auto listed = find_in_free_list()) return {.address = listed};
    return find_in_directory();
  }

 private:
  bool is_taken(const cni::IpAddress& address) const {
    return std::ranges::binary_search(searched_.foreign, address) ||
           folder_.addresses.is_taken(searched_.network, address);
  }

  /// Whether the address can be assigned: the list may be that of another configuration.
  bool is_candidate(const cni::IpAddress& address) const {
    const auto* range = find_range(searched_.set, address);
    return range != nullptr && range->gateway != address && find_exclusion(*range, address) == nullptr;
  }

  std::optional<cni::IpAddress> find_in_free_list() const {
    auto list = folder_.addresses.free_list(searched_.network, searched_.index);
    if (searched_.cursor) std::rotate(list.begin(), std::ranges::upper_bound(list, *searched_.cursor), list.end());
    const auto found = std::ranges::find_if(
        list, [&](const cni::IpAddress& address) { return is_candidate(address) && !is_taken(address); });
    return found == list.end() ? std::nullopt : std::optional{*found};
  }

  FreeAddress find_in_directory() const {
    std::vector<cni::IpAddress> taken;
    std::ranges::set_union(folder_.addresses.list_addresses(searched_.network), searched_.foreign,
                           std::back_inserter(taken));
    auto free = free_addresses(taken);
    if (free.empty()) return {.taken = count_inside(taken), .new_free_list = std::move(free)};
    const auto first = free.front();
    return {.address = first, .new_free_list = std::move(free)};
  }

  /// In the order of the search.
  std::vector<cni::IpAddress> free_addresses(const std::vector<cni::IpAddress>& taken) const {
    std::vector<cni::IpAddress> free;
    auto address =
        searched_.cursor ? next_free(searched_.set, *searched_.cursor, taken) : first_free(searched_.set, taken);
    while (address && free.size() < longest_free_list) {
      free.push_back(*address);
      address = next_free(searched_.set, *address, taken);
      if (address == free.front()) break;
    }
    return free;
  }

  std::size_t count_inside(const std::vector<cni::IpAddress>& taken) const {
    const auto inside = [&](const cni::IpAddress& address) { return find_range(searched_.set, address) != nullptr; };
    return static_cast<std::size_t>(std::ranges::count_if(taken, inside));
  }

  const state::Folder& folder_;
  const SearchedSet& searched_;
};

}  // namespace

FreeAddress find_free_address(const state::Folder& folder, const SearchedSet& searched) {
  return Search{folder, searched}.run();
}

}  // namespace ipam
