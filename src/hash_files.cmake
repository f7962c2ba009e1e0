# Writes a header with one constant, the hash of some files: of their names and of all that is in
# them. An unchanged header is not touched.
#   cmake -D ROOT=FOLDER -D LIST=FILE_OF_NAMES -D HEADER=FILE -D NAMESPACE=a::b -D NAME=kHash -P hash_files.cmake
file(STRINGS ${LIST} files)
if(NOT files)
  message(FATAL_ERROR "${LIST} names no file to hash")
endif()
set(text "")
foreach(file IN LISTS files)
  file(SHA256 ${ROOT}/${file} hash)
  string(APPEND text "${file} ${hash}\n")
endforeach()
string(SHA256 hash "${text}")
string(SUBSTRING ${hash} 0 16 hash)
file(CONFIGURE OUTPUT ${HEADER} CONTENT [[
#pragma once

namespace @NAMESPACE@ {
inline constexpr const char* @NAME@ = "@hash@";
}
]] @ONLY)
