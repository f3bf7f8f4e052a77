# SPDX-License-Identifier: Apache-2.0
cairn_mpi_program(crcp_late_rank crcp_late_rank.c)
cairn_job_test(crcp.late_rank crcp_late_rank.bash LABELS mpi TIMEOUT 300)
