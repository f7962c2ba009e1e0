# What `cmake --install` lays down: library, tool, public headers, CMake package, pkg-config file.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/mini_infer)

install(TARGETS mini_infer_runtime mini_infer_planner EXPORT mini_inferTargets)
if(TARGET mini_infer_cuda)  # libmini_infer.so looks for it beside itself
  set_target_properties(mini_infer_cuda PROPERTIES INSTALL_RPATH "$ORIGIN")
  # OPTIONAL: `installable` leaves it out where there is no GPU.
  install(TARGETS mini_infer_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} OPTIONAL)
endif()
install(DIRECTORY include/mini_infer TYPE INCLUDE FILES_MATCHING PATTERN "*.h")

if(TARGET mini-infer)
  # The installed tool finds the library beside it, wherever both are moved.
  file(RELATIVE_PATH from_bin_to_lib
    ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
  set_target_properties(mini-infer PROPERTIES INSTALL_RPATH "$ORIGIN/${from_bin_to_lib}")
  install(TARGETS mini-infer)
  install(DIRECTORY src/cli/devices DESTINATION ${CMAKE_INSTALL_DATADIR}/mini-infer)
endif()

# Builds what is installed, and nothing else: no test, no benchmark. Without a GPU the CUDA library is left
# to the target `all`: it would be compiled for every architecture, for minutes, and run nowhere here.
add_custom_target(installable)
set(installable_targets mini_infer_runtime mini_infer_planner mini-infer)
if(TARGET mini_infer_cuda)
  mini_infer_local_architectures(local_architectures)
  if(local_architectures)
    list(APPEND installable_targets mini_infer_cuda)
  endif()
endif()
foreach(target ${installable_targets})
  if(TARGET ${target})
    add_dependencies(installable ${target})
  endif()
endforeach()

install(EXPORT mini_inferTargets NAMESPACE mini_infer:: DESTINATION ${package_dir})
configure_package_config_file(src/mini_inferConfig.cmake.in mini_inferConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(mini_inferConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/mini_inferConfig.cmake
              ${PROJECT_BINARY_DIR}/mini_inferConfigVersion.cmake
        DESTINATION ${package_dir})

# pkg-config computes the prefix from where the file lies, so that the installation can be moved.
file(RELATIVE_PATH from_pc_to_prefix
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
foreach(pc_name mini_infer mini_infer_planner)
  configure_file(src/mini_infer.pc.in ${pc_name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${pc_name}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
