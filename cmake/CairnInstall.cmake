# SPDX-License-Identifier: Apache-2.0
# Installs what the build tree has in bin, libexec/cairn, lib/cairn and lib/cairn/mpi, to directories of the same
# names, but for test programs: programs find each other by these relative paths. Included last, when all targets are
# known.
include(CMakePackageConfigHelpers)

# cairn_targets_below(DIRECTORY VARIABLE): all targets of a directory and those below it.
function(cairn_targets_below directory variable)
  get_property(targets DIRECTORY ${directory} PROPERTY BUILDSYSTEM_TARGETS)
  get_property(children DIRECTORY ${directory} PROPERTY SUBDIRECTORIES)
  foreach(child IN LISTS children)
    cairn_targets_below(${child} more)
    list(APPEND targets ${more})
  endforeach()
  set(${variable} ${targets} PARENT_SCOPE)
endfunction()

cairn_targets_below(${PROJECT_SOURCE_DIR} cairn_all_targets)
foreach(target IN LISTS cairn_all_targets)
  get_target_property(source_dir ${target} SOURCE_DIR)
  cmake_path(RELATIVE_PATH source_dir BASE_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(source_dir MATCHES "^tests(/|$)")
    continue()
  endif()
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    get_target_property(directory ${target} RUNTIME_OUTPUT_DIRECTORY)
  elseif(type STREQUAL "SHARED_LIBRARY" OR type STREQUAL "MODULE_LIBRARY")
    get_target_property(directory ${target} LIBRARY_OUTPUT_DIRECTORY)
  else()
    continue()
  endif()
  cmake_path(RELATIVE_PATH directory BASE_DIRECTORY ${CMAKE_BINARY_DIR} OUTPUT_VARIABLE place)
  if(place MATCHES "^(bin|libexec/cairn|lib/cairn(/mpi)?)/?$")
    # Nobody may link against the shim: programs are linked against the system's libmpi.
    set(namelink "")
    if(place MATCHES "/mpi")
      set(namelink NAMELINK_SKIP)
    endif()
    install(TARGETS ${target} RUNTIME DESTINATION ${place} LIBRARY DESTINATION ${place} ${namelink})
  endif()
endforeach()

# For users of libcr: header, find_package(Cairn) with Cairn::cr, pkg-config.
if(TARGET cr)
  set(cairn_package_dir lib/cmake/Cairn)
  install(FILES ${PROJECT_SOURCE_DIR}/core/guest/libcr.h DESTINATION include)
  configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/CairnConfig.cmake.in ${CMAKE_BINARY_DIR}/package/CairnConfig.cmake
    INSTALL_DESTINATION ${cairn_package_dir})
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/package/CairnConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/cairn.pc.in ${CMAKE_BINARY_DIR}/package/cairn.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/package/CairnConfig.cmake ${CMAKE_BINARY_DIR}/package/CairnConfigVersion.cmake
    DESTINATION ${cairn_package_dir})
  install(FILES ${CMAKE_BINARY_DIR}/package/cairn.pc DESTINATION lib/pkgconfig)
endif()

install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION share/doc/cairn)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION share/doc/cairn FILES_MATCHING PATTERN "*.md"
  PATTERN "man" EXCLUDE PATTERN "docs/README.md" EXCLUDE)
# Made by the shim's generator, and by core/state's table.
install(FILES ${CMAKE_BINARY_DIR}/mpi/shim/generated/mpi-coverage.md
  ${CMAKE_BINARY_DIR}/mpi/shim/generated/mpi-objects.md ${CMAKE_BINARY_DIR}/docs/process-state.md
  DESTINATION share/doc/cairn OPTIONAL)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples/slurm DESTINATION share/doc/cairn/examples)
install(PROGRAMS ${PROJECT_SOURCE_DIR}/tools/gdb/cairn-gdb.py DESTINATION share/cairn)

# For sites: a module file, and completion for bash under each command's name.
configure_file(${PROJECT_SOURCE_DIR}/tools/site/modulefile.in ${CMAKE_BINARY_DIR}/share/modulefile @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/share/modulefile DESTINATION share/modulefiles/cairn RENAME ${PROJECT_VERSION})
foreach(command cr_run cr_checkpoint cr_restart cr_info ompi-checkpoint ompi-restart ompi-snapshot)
  install(FILES ${PROJECT_SOURCE_DIR}/tools/site/cairn.bash-completion DESTINATION share/bash-completion/completions
    RENAME ${command})
endforeach()

# An installation may be another user's than the build tree, which may be read-only, and later again its owner's: so it
# writes nothing there. CMake's own list of what was installed would go there: this ends its script before. Has to stay
# the last of all install rules.
install(CODE "return()" ALL_COMPONENTS)
