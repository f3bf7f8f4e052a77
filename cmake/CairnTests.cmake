# SPDX-License-Identifier: Apache-2.0
# Kinds of tests, one function each. Programs of tests go to tests/programs in the build tree (tests/CMakeLists.txt), never
# beside the commands. A test has the label of its area, which ./check and ctest -L go by:
set(CAIRN_TEST_LABELS unit format install process state mpi shim launcher crcp faults model vm fuzz)
# `long` is left to ./check --full. `waits` is for a test that needs little processor time for how long it takes.

# cairn_test_properties(NAME LABELS label... [TIMEOUT seconds] [PROCESSORS n] [ENVIRONMENT a=b...])
# Every test goes through here: 77 means that it cannot run on this machine, and a label that nobody knows is an error.
function(cairn_test_properties name)
  cmake_parse_arguments(arg "" "TIMEOUT;PROCESSORS" "LABELS;ENVIRONMENT" ${ARGN})
  if(NOT arg_LABELS)
    message(FATAL_ERROR "test ${name} has no label")
  endif()
  foreach(label ${arg_LABELS})
    if(NOT label IN_LIST CAIRN_TEST_LABELS AND NOT label MATCHES "^(long|waits)$")
      message(FATAL_ERROR "test ${name} has label ${label}, which ./check does not know")
    endif()
  endforeach()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(NOT arg_PROCESSORS)
    set(arg_PROCESSORS 1)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT} SKIP_RETURN_CODE 77
    PROCESSORS ${arg_PROCESSORS} ENVIRONMENT "${arg_ENVIRONMENT}")
endfunction()

# cairn_unit_test(PART SOURCES source... LIBRARIES library... [TIMEOUT seconds] [OLD_KERNEL features])
# Unit tests of one folder of the source as the program PART_test; each is a ctest test PART.Suite.Name. OLD_KERNEL runs
# them a second time as PART.old_kernel..., with those features of the kernel masked.
function(cairn_unit_test part)
  cmake_parse_arguments(arg "" "TIMEOUT;OLD_KERNEL" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  set(program ${part}_test)
  add_executable(${program} ${arg_SOURCES})
  cairn_target(${program})
  target_link_libraries(${program} PRIVATE ${arg_LIBRARIES} GTest::gtest GTest::gmock GTest::gtest_main Threads::Threads)
  gtest_discover_tests(${program} TEST_PREFIX ${part}. PROPERTIES LABELS unit TIMEOUT ${arg_TIMEOUT})
  if(arg_OLD_KERNEL)
    gtest_discover_tests(${program} TEST_PREFIX ${part}.old_kernel. TEST_LIST ${part}_old_kernel
      PROPERTIES LABELS unit TIMEOUT ${arg_TIMEOUT} ENVIRONMENT CAIRN_MASK_FEATURES=${arg_OLD_KERNEL})
  endif()
  add_dependencies(unit_tests ${program})
endfunction()

# cairn_subject(NAME SOURCE): a program that is saved, killed, brought back and then checks itself (tests/lib/subject.hpp).
function(cairn_subject name source)
  add_executable(${name} ${source})
  cairn_target(${name})
  target_link_libraries(${name} PRIVATE Threads::Threads)
endfunction()

# cairn_python_test(NAME SCRIPT [ARGUMENT...] LABELS label...): a script that is told where the commands are.
function(cairn_python_test name script)
  cmake_parse_arguments(arg "" "TIMEOUT" "LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  cmake_path(ABSOLUTE_PATH script BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  add_test(NAME ${name} COMMAND Python3::Interpreter ${script} ${arg_UNPARSED_ARGUMENTS})
  cairn_test_properties(${name} LABELS ${arg_LABELS} TIMEOUT ${arg_TIMEOUT})
endfunction()

# cairn_cycle_test(NAME [OPTIONS option...] COMMAND word... LABELS label...): the program passes after checkpoints and
# restarts (tests/lib/cr_cycle.py has the options).
function(cairn_cycle_test name)
  cmake_parse_arguments(arg "" "" "OPTIONS;COMMAND;LABELS" ${ARGN})
  cairn_python_test(${name} ${PROJECT_SOURCE_DIR}/tests/lib/cr_cycle.py ${arg_OPTIONS} ${CMAKE_BINARY_DIR}/bin --
    ${arg_COMMAND} LABELS ${arg_LABELS})
endfunction()

# cairn_job_test(NAME SCRIPT [ARGS...] LABELS label... [TIMEOUT seconds] [PROCESSORS n])
# A bash script of this directory as a test (helpers: tests/lib/job.bash). It finds the commands through CAIRN_BUILD,
# and runs alone if it needs more processors than there are.
function(cairn_job_test name script)
  cmake_parse_arguments(arg "" "TIMEOUT;PROCESSORS" "LABELS;ARGS" ${ARGN})
  if(NOT arg_PROCESSORS)
    set(arg_PROCESSORS 2)
  endif()
  add_test(NAME ${name} COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${arg_ARGS} ${arg_UNPARSED_ARGUMENTS})
  cairn_test_properties(${name} LABELS ${arg_LABELS} TIMEOUT ${arg_TIMEOUT} PROCESSORS ${arg_PROCESSORS}
    ENVIRONMENT CAIRN_BUILD=${CMAKE_BINARY_DIR} CAIRN_SOURCE=${PROJECT_SOURCE_DIR})
endfunction()

# The same for a driver in Python with many cases (tests/mpi/harness); its results are also written as JSON.
function(cairn_driver_test name script)
  cmake_parse_arguments(arg "" "TIMEOUT" "LABELS;ARGS" ${ARGN})
  add_test(NAME ${name} COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/${script} --build ${CMAKE_BINARY_DIR}
    --json ${CMAKE_BINARY_DIR}/${name}.json ${arg_ARGS})
  cairn_test_properties(${name} LABELS ${arg_LABELS} TIMEOUT ${arg_TIMEOUT} PROCESSORS 2)
endfunction()
