#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "planner/sections.h"

namespace mini_infer::planner {

// Items placed from the bottom up below a capacity, what follows from that for the others, and the
// way back. Every section has a floor, below which nothing will be placed any more; every item has
// a low, below which it cannot be placed. Each follows from the other: an item lies on the highest
// floor below it, and a section's floor is the least low of what is still to be placed in it.
// A state is lost when a floor and all that is to be placed above it exceed the capacity.
class FitState {
 public:
  // Keeps a reference to `sections`.
  explicit FitState(const Sections& sections);

  // From the beginning, nothing placed. False: does not fit already.
  bool start(std::int64_t capacity);

  const Item& item(int index) const { return items_[index]; }
  bool placed(int index) const { return placed_[index] != 0; }
  std::int64_t low(int index) const { return low_[index]; }  // of a placed one: its offset
  std::int64_t floor(int section) const { return floor_[section]; }
  // Bytes that may still be wasted in a section.
  std::int64_t slack(int section) const {
    return capacity_ - floor_[section] - remaining_[section];
  }
  std::int64_t capacity() const { return capacity_; }
  // Items still to be placed in a section; the order means nothing.
  std::span<const std::int32_t> open(int section) const {
    return {members_.data() + first_member_[section], static_cast<std::size_t>(open_[section])};
  }

  // Each says whether the state may still be completed.
  bool place(int index);                    // at its low
  bool raise(int index, std::int64_t low);  // no effect if it is there already

  std::size_t mark() const { return trail_.size(); }
  void undo(std::size_t mark);

 private:
  enum class Kind : std::uint8_t { kFloor, kLow, kPlaced };
  struct Change {
    Kind kind;
    std::int32_t index;
    std::int64_t before;
  };
  // A set of sections to look at, each once.
  class Worklist {
   public:
    explicit Worklist(int sections) : has_(sections, 0) {}
    bool empty() const { return list_.empty(); }
    void add(int section) {
      if (has_[section] != 0) return;
      has_[section] = 1;
      list_.push_back(section);
    }
    int take() {
      const int section = list_.back();
      list_.pop_back();
      has_[section] = 0;
      return section;
    }
    void clear() {
      while (!empty()) take();
    }

   private:
    std::vector<std::int32_t> list_;
    std::vector<std::uint8_t> has_;
  };

  void set_floor(int section, std::int64_t floor);
  bool set_low(int index, std::int64_t low);  // false: it would not fit below the capacity
  void close(int index);                      // leaves the open ones of its sections
  void reopen(int index);                     // the one closed last
  bool propagate();
  bool lift_items(int section);
  void lift_floor(int section);

  const std::vector<Item>& items_;
  std::int64_t capacity_ = 0;
  std::vector<std::int64_t> floor_, remaining_;  // bytes, by section
  std::vector<std::int64_t> low_;                // bytes, by item
  std::vector<std::uint8_t> placed_;             // by item
  // The members of a section, the open ones first, and where an item is among those of each of its
  // sections (Briggs & Torczon, "An efficient representation for sparse sets", 1993).
  std::vector<std::int32_t> members_, position_;
  std::vector<std::int32_t> first_member_, open_;  // by section
  std::vector<std::int32_t> first_position_;       // by item
  std::vector<Change> trail_;
  Worklist risen_;  // floors that have risen: their items may have to
  Worklist freed_;  // sections of which an item has risen or is placed: their floors may have to
};

}  // namespace mini_infer::planner
