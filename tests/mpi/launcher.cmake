# SPDX-License-Identifier: Apache-2.0
# Launcher, coordinator and agent with ranks that have no guest: a scratch installation whose host is launcher_rank.
set(CAIRN_LAUNCHER_PREFIX ${PROJECT_BINARY_DIR}/tests/launcher)

add_executable(launcher_rank launcher_rank.cpp)
cairn_target(launcher_rank GUEST)
target_compile_definitions(launcher_rank PRIVATE OMPI_SKIP_MPICXX)
target_link_libraries(launcher_rank PRIVATE cairn_agent Cairn::base MPI::MPI_C)
set_target_properties(launcher_rank PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${CAIRN_LAUNCHER_PREFIX}/libexec/cairn
  OUTPUT_NAME cairn-mpi-host)

add_executable(launcher_intruder launcher_intruder.cpp)
cairn_target(launcher_intruder)
target_link_libraries(launcher_intruder PRIVATE PkgConfig::PMIX)
set_target_properties(launcher_intruder PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CAIRN_LAUNCHER_PREFIX})

# The commands find their installation by their own path: copies of them.
add_custom_target(launcher_commands ALL
  COMMAND ${CMAKE_COMMAND} -E make_directory ${CAIRN_LAUNCHER_PREFIX}/bin
  COMMAND ${CMAKE_COMMAND} -E copy_if_different $<TARGET_FILE:mpirun> $<TARGET_FILE:ompi-checkpoint> ${CAIRN_LAUNCHER_PREFIX}/bin
  DEPENDS mpirun ompi-checkpoint launcher_rank launcher_intruder)

foreach(behaviour checkpoint term term_without_space silent_rank silent_rank_0 rank_dies command_dies mpirun_killed real_pid
    other_user automatic nowait arguments unwritable)
  cairn_job_test(launcher.${behaviour} launcher_${behaviour}.bash LABELS mpi TIMEOUT 120)
endforeach()
cairn_job_test(launcher.failure_obstacle launcher_failure.bash ARGS obstacle 3 "a device that cannot be saved" LABELS mpi)
cairn_job_test(launcher.failure_save launcher_failure.bash ARGS save 3 "the program does not answer" LABELS mpi)
cairn_job_test(launcher.failure_finish launcher_failure.bash ARGS finish 4 "writing .*: No space left on device" LABELS mpi)
foreach(signal TERM INT HUP)
  cairn_job_test(launcher.signal_${signal} launcher_signals.bash ARGS ${signal} mpirun LABELS mpi)
endforeach()
cairn_job_test(launcher.signal_TERM_to_group launcher_signals.bash ARGS TERM group LABELS mpi)
