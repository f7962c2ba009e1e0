#pragma once

#include "cuda/product_deep.h"
#include "cuda/product_scalar.h"
#include "cuda/product_tensor.h"
#include "cuda/product_thin.h"

// The matrix product that Gemm, MatMul, Conv, ConvTranspose and Einsum have in common.
namespace mini_infer::cuda {

// Products of one form that are run together.
template <typename T, typename Right>
struct Product {
  Matrix<T> left;
  Right right;
  ProductForm form;
  Stack stack;
  Epilogue<T> epilogue;

  [[nodiscard]] core::Status run(const T* left_data, const T* right_data,
                                 const ops::KernelArgs& args) const {
    const Way chosen = way();
    if constexpr (kMayBeThin) {
      if (chosen == Way::kThin) return run_thin(left_data, right_data, args);
    }
    if constexpr (sizeof(T) == 2) {
      if (chosen == Way::kLargeTensor) return run<LargeTensor>(left_data, right_data, args);
      if (chosen == Way::kSmallTensor) return run<SmallTensor>(left_data, right_data, args);
    } else if constexpr (std::is_same_v<T, float>) {
      if (chosen == Way::kLarge) return run<Large>(left_data, right_data, args);
      if (chosen == Way::kMedium) return run<Medium>(left_data, right_data, args);
      if (chosen == Way::kDeep) return run<product::DeepSums<T>>(left_data, right_data, args);
    }
    return run<Small>(left_data, right_data, args);
  }

  // How it is computed, for those who want to know.
  const char* name() const {
    switch (way()) {
      case Way::kThin:
        return "product, few rows";
      case Way::kLargeTensor:
        return "product on tensor cores, large tiles";
      case Way::kSmallTensor:
        return "product on tensor cores, small tiles";
      case Way::kLarge:
        return "product, large tiles";
      case Way::kMedium:
        return "product, medium tiles";
      case Way::kDeep:
        return "product, deep";
      case Way::kSmall:
        return "product, small tiles";
    }
    return "product";
  }

 private:
  enum class Way { kThin, kLargeTensor, kSmallTensor, kLarge, kMedium, kDeep, kSmall };
  using LargeTensor = product::LargeTensorSums<T>;
  using SmallTensor = product::SmallTensorSums<T>;
  using Large = product::ScalarSums<T, 128>;
  using Medium = product::ScalarSums<T, 64>;
  using Small = product::ScalarSums<T, 32>;
  static constexpr bool kMayBeThin =
      std::is_same_v<Right, Matrix<T>> && std::is_same_v<ops::Wide<T>, float>;

  Way way() const {
    // Enough tiles to keep a large GPU busy, and then as large ones as possible.
    constexpr std::int64_t kEnough = 128;
    if (kMayBeThin && form.rows <= thin::kMostRows) return Way::kThin;
    if constexpr (sizeof(T) == 2) {
      constexpr int kWorthIt = 8;  // else most of a tile is empty
      if (form.columns >= kWorthIt && form.depth >= kWorthIt) {
        return tiles<LargeTensor>() >= kEnough ? Way::kLargeTensor : Way::kSmallTensor;
      }
    } else if constexpr (std::is_same_v<T, float>) {
      if (form.depth <= Large::kMostDepth && tiles<Large>() >= kEnough) return Way::kLarge;
      if (tiles<Medium>() >= kEnough) return Way::kMedium;
      constexpr int kDeep = 256;
      if (form.depth >= kDeep && tiles<Small>() < 2 * kEnough) return Way::kDeep;
    }
    return Way::kSmall;
  }

  template <typename Sums>
  std::int64_t tiles() const {
    return stack.count * ((form.rows + Sums::kRows - 1) / Sums::kRows) *
           ((form.columns + Sums::kColumns - 1) / Sums::kColumns);
  }

  template <typename Sums>
  [[nodiscard]] core::Status run(const T* left_data, const T* right_data,
                                 const ops::KernelArgs& args) const {
    return start(product::kernel<T, Right, Sums>, tiles<Sums>(), Sums::kThreads, left_data,
                 right_data, args);
  }

  [[nodiscard]] core::Status run_thin(const T* left_data, const T* right_data,
                                      const ops::KernelArgs& args) const {
    const std::int64_t width = right.along_depth ? thin::kWarps : kLanes;
    return start(thin::kernel<T, Right>, stack.count * ((form.columns + width - 1) / width),
                 kThreads, left_data, right_data, args);
  }

  template <typename Started>
  [[nodiscard]] core::Status start(Started kernel, std::int64_t pieces, unsigned threads,
                                   const T* left_data, const T* right_data,
                                   const ops::KernelArgs& args) const {
    Product bound = *this;
    bound.left.data = left_data;
    bound.right.data = right_data;
    return launch("product", kernel,
                  {.blocks = blocks_for(pieces, 1), .threads = threads, .barriers = true},
                  args.queue, bound.left, bound.right, form, stack, epilogue.on(args));
  }
};

}  // namespace mini_infer::cuda
