#include "judge/byte_owners.h"

#include <iterator>

namespace mini_infer::judge {

void ByteOwners::write(std::int64_t begin, std::int64_t end, int content) {
  if (begin == end) return;
  cut(begin);
  cut(end);
  runs_.erase(runs_.lower_bound(begin), runs_.lower_bound(end));
  runs_[begin] = {end, content};
}

bool ByteOwners::owned(std::int64_t begin, std::int64_t end, int content) const {
  if (begin == end) return true;
  auto run = runs_.upper_bound(begin);
  if (run == runs_.begin()) return false;
  --run;
  while (begin < end) {
    if (run == runs_.end() || run->first > begin || run->second.end <= begin ||
        run->second.content != content) {
      return false;
    }
    begin = run->second.end;
    ++run;
  }
  return true;
}

std::vector<int> ByteOwners::contents_in(std::int64_t begin, std::int64_t end) const {
  std::vector<int> found;
  if (begin == end) return found;
  auto run = runs_.upper_bound(begin);
  if (run != runs_.begin() && std::prev(run)->second.end > begin) --run;
  for (; run != runs_.end() && run->first < end; ++run) found.push_back(run->second.content);
  return found;
}

void ByteOwners::cut(std::int64_t at) {
  auto run = runs_.upper_bound(at);
  if (run == runs_.begin()) return;
  --run;
  if (run->first == at || run->second.end <= at) return;
  runs_[at] = {run->second.end, run->second.content};
  run->second.end = at;
}

}  // namespace mini_infer::judge
