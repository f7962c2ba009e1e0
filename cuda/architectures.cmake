# What kernels are compiled for, unless CMAKE_CUDA_ARCHITECTURES or the environment variable CUDAARCHS
# says it: for the GPUs of this machine, or without one for every architecture that the compiler
# knows, with code for those to come. Called before CUDA is enabled; CMAKE_CUDA_COMPILER is known.
set(MINI_INFER_ALL_CUDA_ARCHITECTURES 75 80 86 89 90 100 120)

# mini_infer_local_architectures(RESULT): of this machine's GPUs, as "90-real"; empty without one.
function(mini_infer_local_architectures result)
  set(found)
  find_program(MINI_INFER_NVIDIA_SMI nvidia-smi)
  mark_as_advanced(MINI_INFER_NVIDIA_SMI)
  if(MINI_INFER_NVIDIA_SMI)
    execute_process(COMMAND ${MINI_INFER_NVIDIA_SMI} --query-gpu=compute_cap --format=csv,noheader
      OUTPUT_VARIABLE answer RESULT_VARIABLE failed ERROR_QUIET)
    if(NOT failed)
      string(REGEX MATCHALL "[0-9]+\\.[0-9]+" found "${answer}")
      list(TRANSFORM found REPLACE "\\." "")
      list(REMOVE_DUPLICATES found)
      list(TRANSFORM found APPEND "-real")
    endif()
  endif()
  set(${result} "${found}" PARENT_SCOPE)
endfunction()

# mini_infer_all_architectures(RESULT): code for all that the compiler knows, and for the newest in a
# form (PTX) that later ones compile themselves.
function(mini_infer_all_architectures result)
  execute_process(COMMAND ${CMAKE_CUDA_COMPILER} --list-gpu-arch
    OUTPUT_VARIABLE answer ERROR_QUIET)
  set(known)
  foreach(architecture IN LISTS MINI_INFER_ALL_CUDA_ARCHITECTURES)
    if("${answer}" MATCHES "compute_${architecture}[^0-9]")
      list(APPEND known ${architecture}-real)
    endif()
  endforeach()
  string(REGEX REPLACE "-real$" "" known "${known}")
  set(${result} "${known}" PARENT_SCOPE)
endfunction()

function(mini_infer_choose_architectures)
  if(CMAKE_CUDA_ARCHITECTURES OR DEFINED ENV{CUDAARCHS})
    return()
  endif()
  mini_infer_local_architectures(chosen)
  if(NOT chosen)
    mini_infer_all_architectures(chosen)
  endif()
  set(CMAKE_CUDA_ARCHITECTURES "${chosen}" CACHE STRING "What CUDA kernels are compiled for")
endfunction()
