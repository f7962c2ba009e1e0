# Unpacks the conformance data once, if the environment says where it is:
#   cmake -D TO=FOLDER -P unpack.cmake
# gives FOLDER/onnx-conformance. Prints a line that starts with SKIPPED when there is no data.
set(archive $ENV{MINI_INFER_TEST_DATA}/onnx-conformance.tar.xz)
if("$ENV{MINI_INFER_TEST_DATA}" STREQUAL "")
  message("SKIPPED: no test data (set MINI_INFER_TEST_DATA)")
  return()
endif()
if(NOT EXISTS ${archive})
  message(FATAL_ERROR "${archive} is not there; point MINI_INFER_TEST_DATA at the folder it is in")
endif()

file(SHA256 ${archive} hash)
set(stamp ${TO}/unpacked)
if(EXISTS ${stamp})
  file(READ ${stamp} unpacked)
  if(unpacked STREQUAL hash)
    return()
  endif()
endif()
file(REMOVE_RECURSE ${TO})
file(ARCHIVE_EXTRACT INPUT ${archive} DESTINATION ${TO})
file(WRITE ${stamp} ${hash})
