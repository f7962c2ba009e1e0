#include "planner/fit_state.h"

#include <algorithm>
#include <limits>

namespace mini_infer::planner {

FitState::FitState(const Sections& sections)
    : items_(sections.items),
      floor_(sections.count, 0),
      remaining_(sections.count, 0),
      low_(sections.items.size(), 0),
      placed_(sections.items.size(), 0),
      first_member_(sections.count + 1, 0),
      open_(sections.count, 0),
      risen_(sections.count),
      freed_(sections.count) {
  for (const Item& item : items_) {
    for (int section = item.first; section <= item.last; ++section) {
      ++first_member_[section + 1];
      remaining_[section] += item.size;
    }
  }
  for (int section = 0; section < sections.count; ++section) {
    first_member_[section + 1] += first_member_[section];
  }
  members_.resize(first_member_.back());
  for (std::size_t i = 0; i < items_.size(); ++i) {
    first_position_.push_back(static_cast<std::int32_t>(position_.size()));
    for (int section = items_[i].first; section <= items_[i].last; ++section) {
      position_.push_back(first_member_[section] + open_[section]++);
      members_[position_.back()] = static_cast<std::int32_t>(i);
    }
  }
}

bool FitState::start(std::int64_t capacity) {
  undo(0);
  capacity_ = capacity;
  for (std::size_t section = 0; section < floor_.size(); ++section) {
    if (remaining_[section] > capacity) return false;
  }
  return true;
}

bool FitState::place(int index) {
  const Item& item = items_[index];
  close(index);
  trail_.push_back({Kind::kPlaced, index, 0});
  for (int section = item.first; section <= item.last; ++section) {
    set_floor(section, low_[index] + item.size);
    if (open_[section] > 0) freed_.add(section);
  }
  return propagate();
}

bool FitState::raise(int index, std::int64_t low) {
  return low <= low_[index] || (set_low(index, low) && propagate());
}

void FitState::set_floor(int section, std::int64_t floor) {
  trail_.push_back({Kind::kFloor, section, floor_[section]});
  floor_[section] = floor;
  if (open_[section] > 0) risen_.add(section);
}

bool FitState::set_low(int index, std::int64_t low) {
  const std::int64_t mask = items_[index].alignment - 1;
  const std::int64_t aligned = (low + mask) & ~mask;
  if (aligned > capacity_ - items_[index].size) return false;
  const std::int64_t before = low_[index];
  trail_.push_back({Kind::kLow, index, before});
  low_[index] = aligned;
  for (int section = items_[index].first; section <= items_[index].last; ++section) {
    if (floor_[section] == before) freed_.add(section);
  }
  return true;
}

void FitState::close(int index) {
  const Item& item = items_[index];
  placed_[index] = 1;
  std::int32_t* position = &position_[first_position_[index]];
  for (int section = item.first; section <= item.last; ++section, ++position) {
    remaining_[section] -= item.size;
    const std::int32_t last = first_member_[section] + --open_[section];
    const std::int32_t other = members_[last];
    std::swap(members_[*position], members_[last]);
    position_[first_position_[other] + section - items_[other].first] = *position;
    *position = last;
  }
}

void FitState::reopen(int index) {
  const Item& item = items_[index];
  placed_[index] = 0;
  for (int section = item.first; section <= item.last; ++section) {
    remaining_[section] += item.size;
    ++open_[section];
  }
}

void FitState::undo(std::size_t mark) {
  for (; trail_.size() > mark; trail_.pop_back()) {
    const Change& change = trail_.back();
    switch (change.kind) {
      case Kind::kFloor:
        floor_[change.index] = change.before;
        break;
      case Kind::kLow:
        low_[change.index] = change.before;
        break;
      case Kind::kPlaced:
        reopen(change.index);
        break;
    }
  }
}

bool FitState::propagate() {
  while (true) {
    if (!risen_.empty()) {
      if (lift_items(risen_.take())) continue;
      risen_.clear();
      freed_.clear();
      return false;
    }
    if (freed_.empty()) return true;
    lift_floor(freed_.take());
  }
}

bool FitState::lift_items(int section) {
  if (slack(section) < 0) return false;
  for (std::int32_t index : open(section)) {
    if (low_[index] < floor_[section] && !set_low(index, floor_[section])) return false;
  }
  return true;
}

void FitState::lift_floor(int section) {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (std::int32_t index : open(section)) {
    least = std::min(least, low_[index]);
    if (least <= floor_[section]) return;
  }
  if (open_[section] > 0) set_floor(section, least);
}

}  // namespace mini_infer::planner
