#include "judge/parted_storage.h"

#include <algorithm>

namespace mini_infer::judge {
namespace {

// Whether each part is some columns of all rows that the storage has at this pitch, and all else is
// all of it.
bool is_columns(const Statement& statement, const Storage& storage, std::int64_t pitch) {
  if (pitch == 0 || storage.bytes % pitch != 0) return false;
  std::size_t whole = storage.values.size();
  for (const Part& part : storage.parts) {
    const std::int64_t bytes = statement.values[static_cast<std::size_t>(part.value)].bytes;
    if (part.pitch != pitch || part.offset + part.row_bytes > pitch) return false;
    if (bytes != storage.bytes / pitch * part.row_bytes) return false;  // not all rows
    --whole;
  }
  return static_cast<std::size_t>(
             std::count_if(storage.values.begin(), storage.values.end(), [&](int value) {
               const std::int64_t bytes = statement.values[static_cast<std::size_t>(value)].bytes;
               return bytes == storage.bytes;
             })) == whole;
}

}  // namespace

PartedStorage::PartedStorage(const Statement& statement, const Storage& storage, int space)
    : storage_(&storage), space_(space) {
  const std::int64_t pitch = storage.parts.front().pitch;
  if (is_columns(statement, storage, pitch)) pitch_ = pitch;
}

std::vector<Run> PartedStorage::runs(const Place& place) const {
  const std::int64_t begin = place.begin - storage_->offset;
  const std::int64_t end = place.end - storage_->offset;
  if (place.pitch == 0) return {{begin, end}};  // by columns too: then it is all
  std::vector<Run> runs;
  const std::int64_t rows = (end - begin - place.row_bytes) / place.pitch + 1;
  if (pitch_ != 0 && rows == storage_->bytes / pitch_) {
    return {{begin * rows, (begin + place.row_bytes) * rows}};
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    runs.push_back({begin + row * place.pitch, begin + row * place.pitch + place.row_bytes});
  }
  return runs;
}

std::vector<Run> subtract(const std::vector<Run>& whole, std::vector<Run> without) {
  std::sort(without.begin(), without.end(),
            [](const Run& a, const Run& b) { return a.begin < b.begin; });
  std::vector<Run> left;
  auto next = without.begin();
  for (Run run : whole) {
    while (next != without.end() && next->end <= run.begin) ++next;
    for (auto cut = next; cut != without.end() && cut->begin < run.end; ++cut) {
      if (run.begin < cut->begin) left.push_back({run.begin, cut->begin});
      run.begin = std::max(run.begin, cut->end);
    }
    if (run.begin < run.end) left.push_back(run);
  }
  return left;
}

}  // namespace mini_infer::judge
