# SPDX-License-Identifier: Apache-2.0
find_package(GTest REQUIRED)
include(GoogleTest)

add_executable(state_test state_test.cpp)
cairn_target(state_test)
target_link_libraries(state_test PRIVATE Cairn::base GTest::gtest GTest::gtest_main)
gtest_discover_tests(state_test TEST_PREFIX state. PROPERTIES LABELS unit TIMEOUT 60)
