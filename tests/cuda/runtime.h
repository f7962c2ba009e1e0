#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

// The CUDA runtime as a program uses it that has streams and memory of its own: the emulated one,
// or on a GPU the toolkit's.
namespace mini_infer::test {

int current_device();
void set_current_device(int index);

// Work for a stream; null: the default stream.
void copy(void* to, const void* from, std::size_t bytes, void* stream);
void fill(void* memory, int byte, std::size_t bytes, void* stream);
void synchronize(void* stream);

class Stream {
 public:
  enum class Kind {
    kBlocking,
    kNonBlocking
  };  // whether it and the default stream wait for each other
  explicit Stream(Kind kind = Kind::kNonBlocking);
  ~Stream() { destroy(); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void* get() const { return stream_; }
  void destroy();

 private:
  void* stream_ = nullptr;
};

// Memory of the current device, or pinned memory of the host.
class Memory {
 public:
  enum class Kind { kDevice, kPinned };
  Memory(Kind kind, std::size_t bytes);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  void* get() const { return memory_; }
  std::size_t size() const { return bytes_; }

 private:
  Kind kind_;
  std::size_t bytes_;
  void* memory_ = nullptr;
};

// Numbers in pinned memory.
class PinnedFloats : public Memory {
 public:
  explicit PinnedFloats(const std::vector<float>& values)
      : Memory(Kind::kPinned, values.size() * sizeof(float)) {
    std::memcpy(get(), values.data(), size());
  }
  std::vector<float> values() const {
    const auto* first = static_cast<const float*>(get());
    return {first, first + size() / sizeof(float)};
  }
};

}  // namespace mini_infer::test
