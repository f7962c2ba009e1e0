#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace mini_infer::judge {

// Which content owns each byte of one address space, as disjoint runs. Contents are numbers.
class ByteOwners {
 public:
  // [begin, end) belongs to `content` from now on.
  void write(std::int64_t begin, std::int64_t end, int content);
  // Whether all of [begin, end) belongs to `content`.
  bool owned(std::int64_t begin, std::int64_t end, int content) const;
  // The owners of bytes in [begin, end), in address order, one entry a run.
  std::vector<int> contents_in(std::int64_t begin, std::int64_t end) const;

 private:
  struct Run {
    std::int64_t end;
    int content;
  };

  // Makes `at` the border of a run if it lies inside one.
  void cut(std::int64_t at);

  std::map<std::int64_t, Run> runs_;  // by first byte
};

}  // namespace mini_infer::judge
