# SPDX-License-Identifier: Apache-2.0
find_package(GTest REQUIRED)
include(GoogleTest)

add_executable(context_test
  context_damage_test.cpp
  context_object_test.cpp
  context_output_test.cpp
  context_roundtrip_test.cpp)
cairn_target(context_test)
target_link_libraries(context_test PRIVATE Cairn::context GTest::gtest GTest::gmock GTest::gtest_main)
gtest_discover_tests(context_test TEST_PREFIX context. PROPERTIES LABELS unit TIMEOUT 120)

add_executable(engine_test
  context_engine_limits_test.cpp
  context_engines_agree_test.cpp
  context_engine_test.cpp
  context_headroom_test.cpp)
cairn_target(engine_test)
target_link_libraries(engine_test PRIVATE Cairn::engine GTest::gtest GTest::gmock GTest::gtest_main)
gtest_discover_tests(engine_test TEST_PREFIX engine. PROPERTIES LABELS unit TIMEOUT 120)
# Every fallback, as on an older kernel.
gtest_discover_tests(engine_test TEST_PREFIX engine.old_kernel. TEST_LIST engine_old_kernel
  PROPERTIES LABELS unit TIMEOUT 120 ENVIRONMENT CAIRN_MASK_FEATURES=pagemap_scan,aio,close_range)

add_executable(context_bench context_bench.cpp)
cairn_target(context_bench)
target_link_libraries(context_bench PRIVATE Cairn::engine)
set_target_properties(context_bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/programs)
