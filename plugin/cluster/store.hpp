#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cluster {

/// One entry of the store. The key is relative to the store's prefix, like "nodes/NAME" or "blocks/default/0000a3".
struct Item {
  std::string key;
  std::string value{};     ///< JSON
  std::string revision{};  ///< of this item, as the store names it: for replace() and remove()

  bool operator==(const Item&) const = default;
};

struct Listing {
  std::vector<Item> items{};  ///< sorted by key
  std::string revision{};     ///< of the whole answer: watch() continues there

  bool operator==(const Listing&) const = default;
};

struct Change {
  Item item;
  bool removed = false;  ///< the item is gone; its value is empty

  bool operator==(const Change&) const = default;
};

/// What a watch reports at once.
struct Changes {
  std::vector<Change> changes{};  ///< in the order in which they were made
  std::string revision{};         ///< of the last one: another watch can continue there

  bool operator==(const Changes&) const = default;
};

/// What prevents that an item is created.
struct Occupied {
  Item item;  ///< the one that has the key; without value and revision if it was removed meanwhile
  /// The keys of this and of the following items, at most 64; nullopt if the store returns them only by list().
  std::optional<std::vector<std::string>> following{};

  bool operator==(const Occupied&) const = default;
};

/// A database that all nodes share. Keys are created, replaced and removed atomically. Each function throws cni::Error
/// with code try_again_later if no endpoint answers in time, and with another code if the store refuses. An object is
/// used by one thread at a time.
class Store {
 public:
  virtual ~Store() = default;

  /// All items whose keys begin with the prefix.
  virtual Listing list(const std::string& prefix) = 0;

  /// The item with the key; nullopt if there is none.
  virtual std::optional<Item> find(const std::string& key) = 0;

  /// Calls `changed` with each batch of changes after the revision, and without changes at least every 30 s, until it
  /// returns false. True if it did; false if the store has forgotten the changes after the revision, or never had them:
  /// then list again.
  virtual bool watch(const std::string& prefix, const std::string& revision,
                     const std::function<bool(const Changes&)>& changed) = 0;

  /// nullopt if the item was created, also if an earlier attempt of this call created it whose answer was lost.
  virtual std::optional<Occupied> create(const std::string& key, const std::string& value) = 0;

  /// False if the item has another revision, or is gone.
  virtual bool replace(const Item& item) = 0;
  virtual bool remove(const Item& item) = 0;
};

}  // namespace cluster
