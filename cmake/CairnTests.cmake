# SPDX-License-Identifier: Apache-2.0
# cairn_job_test(NAME SCRIPT [ARGS...] LABELS label... [TIMEOUT seconds] [PROCESSORS n])
# A bash script of this directory as a test (helpers: tests/lib/job.bash). It finds the commands through CAIRN_BUILD,
# says 77 when it cannot run here, and runs alone if it needs more processors than there are.
#
# Labels, which ./check goes by: unit, process, model, fuzz, mpi, faults, install, format; `long` is left to
# ./check --full.
function(cairn_job_test name script)
  cmake_parse_arguments(arg "" "TIMEOUT;PROCESSORS" "LABELS;ARGS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(NOT arg_PROCESSORS)
    set(arg_PROCESSORS 2)
  endif()
  add_test(NAME ${name} COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${arg_ARGS} ${arg_UNPARSED_ARGUMENTS})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT} SKIP_RETURN_CODE 77
    PROCESSORS ${arg_PROCESSORS} ENVIRONMENT "CAIRN_BUILD=${CMAKE_BINARY_DIR};CAIRN_SOURCE=${PROJECT_SOURCE_DIR}")
endfunction()

# The same for a driver in Python with many cases (tests/mpi/harness); its results are also written as JSON.
function(cairn_driver_test name script)
  cmake_parse_arguments(arg "" "TIMEOUT" "LABELS;ARGS" ${ARGN})
  add_test(NAME ${name} COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/${script} --build ${CMAKE_BINARY_DIR}
    --json ${CMAKE_BINARY_DIR}/${name}.json ${arg_ARGS})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT} SKIP_RETURN_CODE 77
    PROCESSORS 2)
endfunction()
