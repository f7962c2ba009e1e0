#include "cpu/ops/reduce.h"

namespace mini_infer::cpu {

void Walk::next() {
  for (std::size_t axis = axes_.size(); axis-- > 0;) {
    offset_ += axes_[axis].stride;
    if (++index_[axis] < axes_[axis].extent) return;
    offset_ -= axes_[axis].extent * axes_[axis].stride;
    index_[axis] = 0;
  }
  done_ = true;
}

}  // namespace mini_infer::cpu
