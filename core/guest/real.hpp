// SPDX-License-Identifier: Apache-2.0
// libc's own functions behind the ones that libcr replaces.
#pragma once

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // deprecated functions are replaced as well

// What the fortified headers call.
extern "C" int __open_2(const char* path, int flags);
extern "C" int __openat_2(int directory, const char* path, int flags);

namespace cairn::guest {

struct RealFunctions {
#define CAIRN_REAL(name) decltype(&::name) name;
#include "core/guest/real.def"
#undef CAIRN_REAL
};

// Looks all of them up at the first call. Not signal-safe before that; libcr's constructor makes it.
const RealFunctions& real();

}  // namespace cairn::guest
