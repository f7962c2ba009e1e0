#pragma once

// What nvcc is told and other compilers need not know.
#ifdef __CUDACC__
// Before a loop whose arrays are to be registers: there every index is known when compiling.
#define MI_UNROLL _Pragma("unroll")
#define MI_NOINLINE __noinline__
#else
#define MI_UNROLL
#define MI_NOINLINE
#endif
