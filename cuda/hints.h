#pragma once

// What nvcc is told and other compilers need not know.
#ifdef __CUDACC__
// Before a loop whose arrays are to be registers: there every index is known when compiling.
#define MI_UNROLL _Pragma("unroll")
// Before a loop whose body, repeated, would be most of a kernel.
#define MI_ROLLED _Pragma("unroll 1")
#define MI_NOINLINE __noinline__
#else
#define MI_UNROLL
#define MI_ROLLED
#define MI_NOINLINE
#endif
