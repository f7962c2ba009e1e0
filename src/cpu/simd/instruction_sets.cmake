# The vector code of cpu/simd/code, once per instruction set: mini_infer_simd(NAME FLAG...). Each copy
# is a namespace of its own, named NAME. Always optimised: what the compiler does not inline there
# would be shared with code for older machines. In a sanitizer's build as much as it has time for.
file(GLOB simd_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/cpu/simd/code/*.cpp)

set(simd_optimised -O3)
if(MINI_INFER_SANITIZED)
  set(simd_optimised -O1 -Wno-pass-failed)
  set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/cpu/simd/code/tile.cpp
    PROPERTIES COMPILE_OPTIONS -O0)  # or it takes minutes
endif()

function(mini_infer_simd name)
  add_library(simd_${name} OBJECT ${simd_sources})
  target_include_directories(simd_${name}
    PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_compile_definitions(simd_${name} PRIVATE MI_ISA=${name})
  # Products and sums become fused multiply-adds; loops over functions become vector code.
  target_compile_options(simd_${name} PRIVATE
    ${simd_optimised} -ffp-contract=fast -fno-math-errno -fno-trapping-math -Wno-psabi ${ARGN})
  target_sources(layer_cpu INTERFACE $<TARGET_OBJECTS:simd_${name}>)
  set_property(GLOBAL APPEND PROPERTY MINI_INFER_SIMD simd_${name})
endfunction()

mini_infer_simd(baseline)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  mini_infer_simd(avx2 -march=x86-64-v3)
  mini_infer_simd(avx512 -march=x86-64-v4)
endif()
