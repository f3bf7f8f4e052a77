// SPDX-License-Identifier: Apache-2.0
#include "core/host/low_descriptors.hpp"

#include <dirent.h>
#include <dlfcn.h>
#include <glob.h>
#include <grp.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <pwd.h>
#include <unistd.h>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/futex.hpp"
#include "core/host/entries.hpp"
#include "core/host/host.hpp"

namespace cairn::host {
namespace {

constexpr double kPatience = 10;  // seconds
constexpr std::chrono::milliseconds kLook{10};

std::uint32_t inside = 0;   // futex: threads in such a function
std::uint32_t looking = 0;  // futex: threads that want none to be
thread_local int depth __attribute__((tls_model("initial-exec"))) = 0;

void leave() noexcept {
  if (__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST) == 0) wake_all(inside);
}

}  // namespace

// One that has waited for long goes in: who looks gives up before.
LowDescriptors::LowDescriptors() noexcept {
  if (depth++ > 0 || !is_original_process()) return;
  for (const Deadline deadline(2 * kPatience);;) {
    __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
    const std::uint32_t seen = load(looking);
    if (seen == 0 || deadline.passed()) return;
    leave();
    wait_while(looking, seen, kLook);
  }
}

LowDescriptors::~LowDescriptors() {
  if (--depth == 0 && is_original_process()) leave();
}

NoLowDescriptors::NoLowDescriptors() {
  __atomic_add_fetch(&looking, 1, __ATOMIC_SEQ_CST);
  const Deadline deadline(kPatience);
  for (std::uint32_t seen; (seen = load(inside)) > (depth > 0 ? 1U : 0U); wait_while(inside, seen, kLook)) {
    if (!deadline.passed()) continue;
    __atomic_sub_fetch(&looking, 1, __ATOMIC_SEQ_CST);
    throw TemporaryError("a library of the host has files or sockets open for a moment, as when a name is looked up");
  }
}

NoLowDescriptors::~NoLowDescriptors() {
  if (__atomic_sub_fetch(&looking, 1, __ATOMIC_SEQ_CST) == 0) wake_all(looking);
}

}  // namespace cairn::host

// What Open MPI, PMIx, libfabric, UCX and the libraries below them call of that kind. dlopen() is none of these: it
// looks at who calls it, and the components of these libraries are loaded before there is a guest (mpi/host).
#define CAIRN_LOW(result, name, parameters, arguments)                                      \
  CAIRN_INTERPOSE result CAIRN_OWN(name) parameters {                                       \
    static const auto found = reinterpret_cast<decltype(&::name)>(dlsym(RTLD_NEXT, #name)); \
    const cairn::host::LowDescriptors low;                                                  \
    return found arguments;                                                                 \
  }

CAIRN_LOW(int, getaddrinfo, (const char* node, const char* service, const addrinfo* hints, addrinfo** list),
          (node, service, hints, list))
CAIRN_LOW(int, getnameinfo,
          (const sockaddr* peer, socklen_t length, char* node, socklen_t node_size, char* service,
           socklen_t service_size, int flags),
          (peer, length, node, node_size, service, service_size, flags))
CAIRN_LOW(hostent*, gethostbyname, (const char* name), (name))
CAIRN_LOW(hostent*, gethostbyname2, (const char* name, int family), (name, family))
CAIRN_LOW(hostent*, gethostbyaddr, (const void* peer, socklen_t length, int family), (peer, length, family))
CAIRN_LOW(servent*, getservbyname, (const char* name, const char* protocol), (name, protocol))
CAIRN_LOW(servent*, getservbyport, (int port, const char* protocol), (port, protocol))
CAIRN_LOW(protoent*, getprotobyname, (const char* name), (name))
CAIRN_LOW(protoent*, getprotobynumber, (int number), (number))
CAIRN_LOW(passwd*, getpwuid, (uid_t user), (user))
CAIRN_LOW(passwd*, getpwnam, (const char* name), (name))
CAIRN_LOW(int, getpwuid_r, (uid_t user, passwd* entry, char* buffer, std::size_t size, passwd** found_entry),
          (user, entry, buffer, size, found_entry))
CAIRN_LOW(int, getpwnam_r, (const char* name, passwd* entry, char* buffer, std::size_t size, passwd** found_entry),
          (name, entry, buffer, size, found_entry))
CAIRN_LOW(struct group*, getgrgid, (gid_t number), (number))
CAIRN_LOW(struct group*, getgrnam, (const char* name), (name))
CAIRN_LOW(int, getlogin_r, (char* name, std::size_t size), (name, size))
CAIRN_LOW(int, getifaddrs, (ifaddrs * *list), (list))
CAIRN_LOW(unsigned, if_nametoindex, (const char* name), (name))
CAIRN_LOW(char*, if_indextoname, (unsigned index, char* name), (index, name))
CAIRN_LOW(struct if_nameindex*, if_nameindex, (), ())
CAIRN_LOW(int, scandir,
          (const char* path, dirent*** list, int (*wanted)(const dirent*),
           int (*order)(const dirent**, const dirent**)),
          (path, list, wanted, order))
CAIRN_LOW(int, glob, (const char* pattern, int flags, int (*failed)(const char*, int), glob_t* found_paths),
          (pattern, flags, failed, found_paths))
