#pragma once

// The instruction set and the flags that change the meaning of inline code become part of every symbol's name, so that
// units built with different flags coexist in one program instead of silently sharing functions.

#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512BW__)
#define COMIR_ABI_ARCH avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define COMIR_ABI_ARCH avx2_fma
#elif defined(__AVX2__)
#define COMIR_ABI_ARCH avx2
#elif defined(__AVX__)
#define COMIR_ABI_ARCH avx
#elif defined(__SSE4_2__)
#define COMIR_ABI_ARCH sse4
#elif defined(__SSE2__)
#define COMIR_ABI_ARCH sse2
#elif defined(__aarch64__)
#define COMIR_ABI_ARCH neon64
#elif defined(__ARM_NEON)
#define COMIR_ABI_ARCH neon
#else
#define COMIR_ABI_ARCH scalar
#endif

#if defined(COMIR_SCALAR)
#undef COMIR_ABI_ARCH
#define COMIR_ABI_ARCH forced_scalar
#endif

#if defined(_OPENMP)
#define COMIR_ABI_THREADS omp
#else
#define COMIR_ABI_THREADS seq
#endif

#if defined(__cpp_exceptions)
#define COMIR_ABI_ERRORS throws
#else
#define COMIR_ABI_ERRORS nothrow
#endif

#define COMIR_ABI_JOIN(arch, threads, errors) arch##_##threads##_##errors
#define COMIR_ABI_EXPAND(arch, threads, errors) COMIR_ABI_JOIN(arch, threads, errors)

/// The inline namespace that holds everything: `namespace comir { inline namespace COMIR_ABI { ... }`.
#define COMIR_ABI COMIR_ABI_EXPAND(COMIR_ABI_ARCH, COMIR_ABI_THREADS, COMIR_ABI_ERRORS)
