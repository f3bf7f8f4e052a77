// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/port/port.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/objects/info/info.hpp"
#include "mpi/shim/table_lock.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

// Both are of one length, so that ranks can tell each other.
struct Names {
  char given[MPI_MAX_PORT_NAME] = "";  // to the program
  char now[MPI_MAX_PORT_NAME] = "";    // the library's
};

struct Port {
  Names names;
  ompi_info_t* info;
};

struct Service {
  std::string name, port;  // port: as the program calls it
  ompi_info_t* info;
};

struct Known {
  std::vector<Port> own;
  std::vector<Names> of_all;  // of all ranks, since the last restart
  std::vector<Service> services;
};
Known& known() noexcept {
  static auto* const the_known = new Known;
  return *the_known;
}

bool is_given(const Names& names, const char* name) noexcept { return std::strcmp(names.given, name) == 0; }

std::string now_of(const char* name) {
  const TableLock lock;
  for (const Names& names : known().of_all)
    if (is_given(names, name)) return names.now;
  return name;
}

void opened(const char* name, MPI_Info info) {
  const TableLock lock;
  Port port{{}, info_copy(info)};
  std::strncpy(port.names.given, name, MPI_MAX_PORT_NAME - 1);
  std::strncpy(port.names.now, name, MPI_MAX_PORT_NAME - 1);
  known().own.push_back(port);
}

void closed(const char* name) {
  const TableLock lock;
  std::erase_if(known().own, [&](const Port& port) {
    if (!is_given(port.names, name)) return false;
    info_drop(port.info);
    return true;
  });
}

void published(const char* service, const char* port, MPI_Info info) {
  const TableLock lock;
  known().services.push_back({service, port, info_copy(info)});
}

void unpublished(const char* service) {
  const TableLock lock;
  auto& all = known().services;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Service& s) { return s.name == service; });
  if (found == all.end()) return;
  info_drop(found->info);
  all.erase(found);
}

// The program hears of a port by the name that it was given.
void call_as_given(char* name) {
  const TableLock lock;
  for (const Names& names : known().of_all)
    if (std::strcmp(names.now, name) == 0) std::strcpy(name, names.given);
}

MPI_Info hints(ompi_info_t* kept) noexcept { return kept != nullptr ? kept : MPI_INFO_NULL; }

int open_again() {
  for (Port& port : known().own) {
    const InfoScope info(hints(port.info));
    const int rc = cross(real.Open_port, info.get(), static_cast<char*>(port.names.now));
    if (rc != MPI_SUCCESS) return rc;
  }
  return MPI_SUCCESS;
}

int tell_each_other() {
  std::vector<Names> mine;
  for (const Port& port : known().own) mine.push_back(port.names);
  auto& of_all = known().of_all;
  of_all.clear();
  RealComm* const world = real_objects.comm_world;
  const auto ranks = static_cast<std::size_t>(MPI_COMM_WORLD->size);
  std::vector<int> sizes(ranks), places(ranks);
  const int size = static_cast<int>(mine.size() * sizeof(Names));
  RealDatatype *const integer = to_real(MPI_INT), *const byte = to_real(MPI_BYTE);
  int rc = cross(real.Allgather, &size, 1, integer, sizes.data(), 1, integer, world);
  int total = 0;
  for (std::size_t i = 0; i < ranks; total += sizes[i++]) places[i] = total;
  if (rc != MPI_SUCCESS || total == 0) return rc;
  of_all.resize(static_cast<std::size_t>(total) / sizeof(Names));
  return cross(real.Allgatherv, mine.data(), size, byte, of_all.data(), sizes.data(), places.data(), byte, world);
}

int publish_again() {
  for (const Service& service : known().services) {
    const InfoScope info(hints(service.info));
    const std::string port = now_of(service.port.c_str());
    if (const int rc = cross(real.Publish_name, service.name.c_str(), info.get(), port.c_str()); rc != MPI_SUCCESS)
      return rc;
  }
  return MPI_SUCCESS;
}

}  // namespace

RealPort::RealPort(const char* name) : is_null_(name == nullptr), name_(name == nullptr ? "" : now_of(name)) {}

int port_rebuild() {
  int rc = open_again();
  if (rc == MPI_SUCCESS) rc = tell_each_other();
  if (rc == MPI_SUCCESS) rc = publish_again();
  return rc;
}

}  // namespace cairn::shim

using namespace cairn;
using namespace cairn::shim;

int PMPI_Open_port(MPI_Info info, char* port_name) {
  return brief_call(MPI_COMM_WORLD, "MPI_Open_port", [&] {
    const InfoScope real_info(info);
    const int rc = cross(real.Open_port, real_info.get(), port_name);
    if (rc == MPI_SUCCESS) opened(port_name, info);
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_Open_port);

int PMPI_Close_port(const char* port_name) {
  return brief_call(MPI_COMM_WORLD, "MPI_Close_port", [&] {
    const int rc = cross(real.Close_port, RealPort(port_name).get());
    if (rc == MPI_SUCCESS) closed(port_name);
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_Close_port);

int PMPI_Publish_name(const char* service_name, MPI_Info info, const char* port_name) {
  return brief_call(MPI_COMM_WORLD, "MPI_Publish_name", [&] {
    const InfoScope real_info(info);
    const int rc = cross(real.Publish_name, service_name, real_info.get(), RealPort(port_name).get());
    if (rc == MPI_SUCCESS) published(service_name, port_name, info);
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_Publish_name);

int PMPI_Unpublish_name(const char* service_name, MPI_Info info, const char* port_name) {
  return brief_call(MPI_COMM_WORLD, "MPI_Unpublish_name", [&] {
    const InfoScope real_info(info);
    const int rc = cross(real.Unpublish_name, service_name, real_info.get(), RealPort(port_name).get());
    if (rc == MPI_SUCCESS) unpublished(service_name);
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_Unpublish_name);

int PMPI_Lookup_name(const char* service_name, MPI_Info info, char* port_name) {
  return brief_call(MPI_COMM_WORLD, "MPI_Lookup_name", [&] {
    const InfoScope real_info(info);
    const int rc = cross(real.Lookup_name, service_name, real_info.get(), port_name);
    if (rc == MPI_SUCCESS) call_as_given(port_name);
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_Lookup_name);
