#pragma once

#include "ipam/range.hpp"
#include "plugin/cni/address.hpp"
#include "plugin/state/folder.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

// The search for a free address. Its cost must not grow with the number of taken addresses:
//
//  1. The next addresses after the cursor are tested one by one. In most ranges one of the first few is free.
//  2. Then those of the free list are tested: a file with the addresses that were free at an earlier search. It is only
//     a hint. Each address is tested before it is used, so a list that is old, wrong or missing costs only time.
//  3. Then the whole directory of taken addresses is read, and what is free there becomes the new free list.
namespace ipam {

/// Where to search.
struct SearchedSet {
  const std::string& network;
  std::size_t index = 0;  ///< of the set in the configuration
  const RangeSet& set;
  std::optional<cni::IpAddress> cursor;        ///< the search begins after it; nullopt: at the beginning of the set
  const std::vector<cni::IpAddress>& foreign;  ///< taken elsewhere, in ascending order
};

/// The result of a search.
struct FreeAddress {
  std::optional<cni::IpAddress> address{};                     ///< nullopt: every address of the set is taken
  std::size_t taken = 0;                                       ///< their number, if all are taken
  std::optional<std::vector<cni::IpAddress>> new_free_list{};  ///< nullopt: the directory was not read
};

FreeAddress find_free_address(const state::Folder& folder, const SearchedSet& searched);

}  // namespace ipam
