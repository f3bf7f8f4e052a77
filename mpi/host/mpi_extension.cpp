// SPDX-License-Identifier: Apache-2.0
#include "mpi/host/mpi_extension.hpp"

#include <fcntl.h>
#include <mpi.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <map>

#include "core/abi/rank_file.hpp"
#include "core/abi/restart_options.hpp"
#include "core/base/error.hpp"
#include "core/base/record.hpp"
#include "core/base/unique_fd.hpp"
#include "core/state/resident.hpp"
#include "mpi/abi/mpi_state.h"
#include "mpi/host/agent_service.hpp"
#include "mpi/host/common_memory.hpp"
#include "mpi/host/crossing_proof.hpp"
#include "mpi/host/may_call_mpi.hpp"
#include "mpi/host/standard_input.hpp"

namespace cairn::mpi {
namespace {

constexpr char kDirectoryVariable[] = "OMPI_FILE_LOCATION";  // of the rank's own in Open MPI's session directory

struct {
  bool initialized = false, finalized = false;
  int required = 0, provided = 0;
  std::vector<host::Extension::OpenFile> files;
  restart::Options restart;                   // of the restart that this process comes from
  std::map<std::uint64_t, UniqueFd> windows;  // shared memory of windows, by its start
  bool common_memory = false;                 // some rank of the job has some
  CommonMemory common;
} state;

void initialized(std::int32_t required, std::int32_t provided) {
  state.initialized = true;
  state.required = required;
  state.provided = provided;
  choose_crossing();
}

void finalized() {
  state.finalized = true;
  tell_entry_calls();
  state.files.clear();  // of the last checkpoint: the library has closed them since
  state.common_memory = false;
}

void open_file(const char* path, std::int32_t written) {
  if (path == nullptr)
    state.files.clear();
  else
    state.files.push_back({path, written != 0});
}

void about_to_initialize() { load_components(); }

void open_file_is(std::uint64_t device, std::uint64_t inode) {
  state.files.back().device = device;
  state.files.back().inode = inode;
}

std::uint64_t place_of(const char* path, char* place, std::uint64_t capacity) {
  const std::string here = restart::relocated(state.restart, path);
  if (here.size() < capacity) std::memcpy(place, here.c_str(), here.size() + 1);
  return here.size();
}

std::int32_t window_memory(const void* start) {
  const auto found = state.windows.find(reinterpret_cast<std::uint64_t>(start));
  return found == state.windows.end() ? -1 : found->second.get();
}

void forget_window_memory(const void* start) { state.windows.erase(reinterpret_cast<std::uint64_t>(start)); }

void common_memory(std::int32_t exists) {
  state.common_memory = exists != 0;
  stand_together(exists != 0);
}

cairn_mpi_state state_service{
    CAIRN_MPI_STATE_VERSION, sizeof(cairn_mpi_state), initialized,   finalized,    open_file,          place_of,
    window_memory,           forget_window_memory,    common_memory, open_file_is, about_to_initialize};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// <prefix>/libexec/cairn/cairn-mpi-host -> <prefix>
std::string prefix() {
  char path[4096];
  const ssize_t n = ::readlink("/proc/self/exe", path, sizeof(path) - 1);
  std::string result(path, n > 0 ? static_cast<std::size_t>(n) : 0);
  for (int i = 0; i < 3 && !result.empty(); ++i) result.erase(result.rfind('/'));
  return result;
}

Record read_section(const std::vector<std::uint8_t>& section) {
  Record saved = Record::decode({reinterpret_cast<const char*>(section.data()), section.size()});
  if (saved.type() != "mpi") throw PermanentError("the context file's MPI section is not understood");
  return saved;
}

void initialise_again(const Record& saved) {
  const int level = static_cast<int>(saved.get_u64("required"));
  int provided = 0;
  if (MPI_Init_thread(nullptr, nullptr, level, &provided) != MPI_SUCCESS)
    throw EnvironmentError("MPI_Init failed in the restarted job");
  if (provided < static_cast<int>(saved.get_u64("provided"))) {
    throw EnvironmentError("the MPI library gives thread level " + std::to_string(provided) +
                           " now, the program was given " + saved.get("provided"));
  }
  choose_crossing();
  int rank = 0, size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (static_cast<std::uint64_t>(rank) != saved.get_u64("rank") ||
      static_cast<std::uint64_t>(size) != saved.get_u64("size")) {
    throw ArgumentError("this image is of rank " + saved.get("rank") + " of " + saved.get("size") +
                        ", but was started as rank " + std::to_string(rank) + " of " + std::to_string(size) +
                        "; use ompi-restart");
  }
  if (const int rc = start_agent(false); rc != 0)
    throw EnvironmentError(with_errno("the agent of rank " + std::to_string(rank), -rc));
}

}  // namespace

// A program that was started without mpirun is brought back by cr_restart.
std::string MpiExtension::speaker() const {
  const std::string rank = variable("OMPI_COMM_WORLD_RANK");
  return rank.empty() ? rank : "ompi-restart: rank " + rank;
}

std::vector<std::string> MpiExtension::guest_preloads() const { return {prefix() + "/lib/cairn/mpi/libmpi.so.40"}; }

void MpiExtension::begin() { take_standard_input(); }

// If it calls MPI after all they are loaded then, and their mappings are in the arena: each image has them, for
// nothing.
void MpiExtension::preload(const std::string& program) {
  if (may_call_mpi(program)) load_components();
}

void* MpiExtension::service(const char* name, std::uint32_t version) {
  if (std::strcmp(name, CAIRN_AGENT_SERVICE) == 0 && version == CAIRN_AGENT_VERSION) return agent_service();
  if (std::strcmp(name, CAIRN_MPI_STATE_SERVICE) == 0 && version == CAIRN_MPI_STATE_VERSION) return &state_service;
  return nullptr;
}

std::vector<std::uint8_t> MpiExtension::save_section() {
  Record saved("mpi");
  saved.set("initialized", state.initialized).set("finalized", state.finalized);
  saved.set("required", static_cast<std::uint64_t>(state.required))
      .set("provided", static_cast<std::uint64_t>(state.provided));
  if (state.initialized) {
    saved.set("rank", static_cast<std::uint64_t>(agent_service()->rank))
        .set("size", static_cast<std::uint64_t>(agent_service()->nranks));
  }
  saved.set("common_memory", state.common_memory).set("directory", variable(kDirectoryVariable));
  const std::string bytes = saved.encode();
  return {bytes.begin(), bytes.end()};
}

std::vector<host::Extension::OpenFile> MpiExtension::open_files() const { return state.files; }

void MpiExtension::shared_memory_mapped(std::uint64_t start, const std::string& name, int descriptor) {
  if (name != CAIRN_MPI_WINDOW_MEMORY) return;
  state.windows[start].reset(::fcntl(descriptor, F_DUPFD_CLOEXEC, host::fd_base()));
}

bool MpiExtension::restores_sharing(const std::string& name) const { return name.starts_with(CAIRN_MPI_WINDOW_MEMORY); }

int MpiExtension::shared_memory(const std::string& name) {
  const bool shared = state.initialized && !state.finalized && name.starts_with(CAIRN_MPI_COMMON_MEMORY);
  return shared ? state.common.open(name) : -1;
}

// In a restart nobody goes on before all have loaded what they have in common.
void MpiExtension::started() {
  if (!state.common_memory) return;
  MPI_Barrier(MPI_COMM_WORLD);
  state.common.close();
}

// The directory that mpirun has made for the rank, and in which it may have started it, ends with the job.
void MpiExtension::find_places(const std::vector<std::uint8_t>& section, restart::Options& options) {
  const std::string before = read_section(section).get("directory"), now = variable(kDirectoryVariable);
  if (!before.empty() && !now.empty()) options.relocate.emplace_back(before, now);
}

void MpiExtension::before_revive(const std::vector<std::uint8_t>& section, const restart::Options& options) {
  state.restart = options;
  const Record saved = read_section(section);
  load_components();
  state.initialized = saved.get_bool("initialized");
  state.finalized = saved.get_bool("finalized");
  state.common_memory = saved.get_bool("common_memory");
  state.required = static_cast<int>(saved.get_u64("required"));
  state.provided = static_cast<int>(saved.get_u64("provided"));
  if (state.initialized && !state.finalized) initialise_again(saved);
}

// As Open MPI's own launcher looks: mpirun's --path, PATH, the working directory.
std::string MpiExtension::program_path(const std::string& path) const {
  const std::string first = variable("OMPI_exec_path");
  return (first.empty() ? path : first + ":" + path) + ":.";
}

std::string MpiExtension::refuses_single_checkpoint() const {
  if (!state.initialized || state.finalized) return {};
  const std::string pid = variable("CAIRN_MPIRUN");
  return "it is rank " + std::to_string(agent_service()->rank) + " of an MPI job: use ompi-checkpoint " +
         (pid.empty() ? "PID_OF_MPIRUN" : pid);
}

std::string MpiExtension::context_file(const std::string& operand) const {
  struct stat st {};
  if (::stat(operand.c_str(), &st) != 0 || !S_ISDIR(st.st_mode)) return operand;
  const std::string rank = variable("OMPI_COMM_WORLD_RANK");
  if (rank.empty()) throw ArgumentError(operand + " is the snapshot of an MPI job: use ompi-restart");
  return operand + "/" + rank_file_name(std::strtoull(rank.c_str(), nullptr, 10));
}

}  // namespace cairn::mpi
