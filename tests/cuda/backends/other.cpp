// A CUDA backend of other sources: a caller that did not ask for its interface would end here.
#include <cstdlib>

extern "C" __attribute__((visibility("default"))) const char* mini_infer_cuda_interface() {
  return "0123456789abcdef";
}

extern "C" __attribute__((visibility("default"))) void mini_infer_cuda() { std::abort(); }
