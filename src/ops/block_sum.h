#pragma once

// How long sums of floats are added up, by every kernel on every device. Numbers that are added up
// one by one lose more the more they are, above all where they have one sign. So kSumBlock terms
// are added up in float, then kSumSection such blocks in float, then these sections in double.
// Where a block ends depends on the place in the sum alone: not on other extents, on threads, on
// the width of vectors.
//
// The error of a sum of equal terms, which is the worst in practice, is then at most 1.8e-6 of it,
// however long it is.
namespace mini_infer::ops {

inline constexpr int kSumBlock = 96;
inline constexpr int kSumSection = 32;

}  // namespace mini_infer::ops
