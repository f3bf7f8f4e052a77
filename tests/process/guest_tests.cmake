# SPDX-License-Identifier: Apache-2.0
# libcr in a hosted process (core/guest).
include_guard()
if(NOT TARGET cairn_host)
  return()
endif()

find_package(Python3 REQUIRED COMPONENTS Interpreter)

# Hosts that stop their guest again and again. Beside the other hosts, so that it finds libcr.so.
add_executable(guest-freeze-host guest_freeze_host.cpp)
cairn_target(guest-freeze-host GUEST)
set_target_properties(guest-freeze-host PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${CAIRN_LIBEXEC_OUTPUT_DIRECTORY} ENABLE_EXPORTS ON)
target_link_libraries(guest-freeze-host PRIVATE Cairn::group)
target_link_libraries(guest-freeze-host PRIVATE Cairn::host Cairn::base ${CAIRN_JEMALLOC_PIC} pthread dl m)
target_link_options(guest-freeze-host PRIVATE -pie -Wl,-z,now)
add_dependencies(guest-freeze-host cr)

# guest_test(PROGRAM PERIOD_MS CASE...): each case in a process of its own, stopped every so many milliseconds.
function(guest_test program period)
  add_executable(${program} ${program}.cpp)
  cairn_target(${program} GUEST)
  target_link_libraries(${program} PRIVATE Cairn::cr pthread)
  foreach(case ${ARGN})
    add_test(NAME ${program}.${case} COMMAND guest-freeze-host -- $<TARGET_FILE:${program}> ${case})
    set_tests_properties(${program}.${case} PROPERTIES TIMEOUT 60 LABELS guest)
    if(period)
      set_tests_properties(${program}.${case} PROPERTIES ENVIRONMENT CAIRN_TEST_FREEZE_MS=${period})
    endif()
  endforeach()
endfunction()

guest_test(guest_waits 20 sleeps multiplexing signals_and_semaphores message_queues socket_time_limits
  handlers_still_interrupt)
guest_test(guest_stops 3 crossings thread_churn signals_during_crossings signals_restarting
  signals_on_alternate_stack everything_blocked timer_threads forks forks_among_threads)
guest_test(guest_signals 0 old_actions one_shot masks_during_handlers the_stop_signal_is_hidden queued_values
  jumping_out xsi_functions across_fork credentials_with_threads)
guest_test(guest_callbacks 0 order callbacks_without_cr_checkpoint failure_of_the_checkpoint temporary_refusal
  permanent_refusal refusal_with_a_code refusal_with_a_text replacing calls_in_callbacks critical_section
  critical_section_with_callback section_held_too_long sections_of_many_threads hooks after_fork errors)
add_executable(guest_static guest_static.c)
cairn_target(guest_static)
target_link_options(guest_static PRIVATE -static)
guest_test(guest_exec 0 all_variants errors scripts programs_that_cannot_be_hosted spawning shells limits descriptors
  own_program loading)
add_dependencies(guest_exec guest_static)

# Killed and restarted.
add_executable(guest_restart guest_restart.cpp)
cairn_target(guest_restart GUEST)
target_link_libraries(guest_restart PRIVATE Cairn::cr pthread)
foreach(case callbacks waits crossings short_lived_threads ticking children critical_sections processors timer_threads)
  add_test(NAME guest_restart.${case} COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cr_cycle.py --cycles 3
    ${CMAKE_BINARY_DIR}/bin -- $<TARGET_FILE:guest_restart> @FLAG@ ${case})
  set_tests_properties(guest_restart.${case} PROPERTIES TIMEOUT 120 LABELS guest)
endforeach()

# Checkpoints that the program itself asks for.
add_executable(guest_self guest_self.cpp)
cairn_target(guest_self GUEST)
target_link_libraries(guest_self PRIVATE Cairn::cr)
foreach(case to_descriptor with_critical_section refused_requests)
  add_test(NAME guest_self.${case} COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/guest_self.py
    ${CMAKE_BINARY_DIR}/bin $<TARGET_FILE:guest_self> ${case})
  set_tests_properties(guest_self.${case} PROPERTIES TIMEOUT 120 LABELS guest)
endforeach()
