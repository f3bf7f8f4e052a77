# SPDX-License-Identifier: Apache-2.0
find_package(GTest REQUIRED)
include(GoogleTest)

add_executable(manifest_test manifest_file_test.cpp manifest_store_test.cpp)
cairn_target(manifest_test)
find_package(HDF5 REQUIRED COMPONENTS C)
target_include_directories(manifest_test PRIVATE ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(manifest_test PRIVATE Cairn::manifest ${HDF5_C_LIBRARIES} GTest::gtest GTest::gmock GTest::gtest_main)
gtest_discover_tests(manifest_test TEST_PREFIX manifest. PROPERTIES LABELS unit TIMEOUT 120)

add_executable(coordinator_test coordinator_link_test.cpp coordinator_options_test.cpp coordinator_record_test.cpp)
cairn_target(coordinator_test)
target_link_libraries(coordinator_test PRIVATE Cairn::link Cairn::launcher GTest::gtest GTest::gtest_main Threads::Threads)
gtest_discover_tests(coordinator_test TEST_PREFIX coordinator. PROPERTIES LABELS unit TIMEOUT 60)
