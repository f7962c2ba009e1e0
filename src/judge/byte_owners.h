#pragma once

#include <cstddef>
#include <map>
#include <vector>

namespace mini_infer::runtime {

// Which content owns each byte of one address space, as disjoint runs. Contents are numbers.
class ByteOwners {
 public:
  // [begin, end) belongs to `content` from now on.
  void write(std::size_t begin, std::size_t end, int content);
  // Whether all of [begin, end) belongs to `content`.
  bool owned(std::size_t begin, std::size_t end, int content) const;
  // The owners of bytes in [begin, end), in address order, one entry a run.
  std::vector<int> contents_in(std::size_t begin, std::size_t end) const;

 private:
  struct Run {
    std::size_t end;
    int content;
  };

  // Makes `at` the border of a run if it lies inside one.
  void cut(std::size_t at);

  std::map<std::size_t, Run> runs_;  // by first byte
};

}  // namespace mini_infer::runtime
