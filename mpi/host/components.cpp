// SPDX-License-Identifier: Apache-2.0
// Open MPI and PMIx load their components by dlopen() within MPI_Init, that is after the plug, when the kernel places
// every new mapping in the arena: ld.so's own mmap() cannot be interposed. So they are loaded before the plug and kept.
#include <dirent.h>
#include <dlfcn.h>
#include <mpi.h>
#include <pmix.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/host/loaded_objects.hpp"
#include "mpi/host/mpi_extension.hpp"

namespace cairn::mpi {
namespace {

std::string directory_of(const void* symbol) {
  Dl_info info{};
  if (::dladdr(symbol, &info) == 0 || info.dli_fname == nullptr) return {};
  char real[4096];
  if (::realpath(info.dli_fname, real) == nullptr) return {};
  const std::string path = real;
  return path.substr(0, path.rfind('/'));
}

void load_directory(const std::string& directory, const std::string& prefix) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), &::closedir);
  if (!dir) return;
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string name = entry->d_name;
    if (name.rfind(prefix, 0) == 0 && name.size() > 3 && name.find(".so") != std::string::npos) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    // Components whose own libraries are missing fail here as they would later. NODELETE: those that Open MPI does not
    // choose are closed by it, and may be opened again by a second look.
    host::load_object((directory + "/" + name).c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  }
}

}  // namespace

void load_components() {
  static bool loaded = false;  // one thread starts MPI
  if (std::exchange(loaded, true)) return;
  // UCX would patch mmap and munmap of the host, whose memory does not come from the kernel.
  ::setenv("UCX_MEM_EVENTS", "n", 1);
  // Debian's configuration leaves out the only windows that there are over TCP: a job that had some on one node, or
  // over another network, may be restarted there. Whoever asks for others gets them.
  ::setenv("OMPI_MCA_osc", "^ucx", 0);
  // Those (osc/pt2pt) take what they receive of a peer in the order of arrival only if they wait for one message at a
  // time: of several, a short one is complete before a long one that came first. MPI promises an order to accumulates.
  ::setenv("OMPI_MCA_osc_pt2pt_receive_count", "1", 0);
  // osc/rdma does the last elements of a long accumulate, and short pieces of a datatype, by the network's atomic
  // operations, and gives back what lies behind the buffer for what they found. (Only with as many elements as this.)
  ::setenv("OMPI_MCA_osc_rdma_network_max_amo", "0", 0);
  const std::string open_mpi = directory_of(reinterpret_cast<const void*>(&MPI_Init));
  const std::string pmix = directory_of(reinterpret_cast<const void*>(&PMIx_Init));
  // As Open MPI was configured here, and where other packages of it have them.
  for (const std::string& directory : {std::string(CAIRN_OMPI_COMPONENTS), open_mpi + "/openmpi/lib/openmpi3",
                                       open_mpi + "/openmpi3", open_mpi + "/openmpi"}) {
    load_directory(directory, "mca_");
  }
  load_directory(pmix + "/pmix", "");
  // Modules of what those components use.
  const std::string system = directory_of(reinterpret_cast<const void*>(&::getpid));
  for (const char* name : {"/ucx", "/libfabric", "/hwloc"}) load_directory(system + name, "");
}

}  // namespace cairn::mpi
