// SPDX-License-Identifier: Apache-2.0
// usage: kmod_fuzz SEQUENCES [SEED]
// Inside a machine with cairn.ko, as an ordinary user: random sequences of its calls with fields that are right, nearly
// right, or hostile, from several threads and processes. Nothing may hang; canaries in memory, in a file open for
// reading only and in another process must stay as they are, and nothing of that process may be written to a file. The
// kernel's log is judged by whoever runs this.
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "kmod/cairn_uapi.h"

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kArea = 64 * kPage;
constexpr std::size_t kGuard = 8 * kArea;

constexpr char kSecret = '\xa7';  // pages of another process are full of it
constexpr std::size_t kSecretRun = 64;

// A process that has nothing to do with the fuzzer, which it outlives.
class Bystander {
 public:
  Bystander() {
    if (pipe(end_) != 0) std::abort();
    pid_ = fork();
    if (pid_ != 0) return;
    close(end_[1]);
    std::vector<char> memory(64 * kPage, kSecret);
    char byte;
    static_cast<void>(read(end_[0], &byte, 1));  // until the fuzzer is through
    for (char c : memory) {
      if (c != kSecret) _exit(1);
    }
    _exit(0);
  }
  bool intact() {
    int status = -1;
    close(end_[1]);
    waitpid(pid_, &status, 0);
    return status == 0;
  }

 private:
  int end_[2];
  pid_t pid_;
};

class Fuzzer {
 public:
  explicit Fuzzer(unsigned seed) : random_(seed), device_(open("/dev/cairn", O_RDWR | O_CLOEXEC)) {
    area_ = static_cast<char*>(mmap(nullptr, kArea, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    // Behind the results nothing may be written to: an array that reaches beyond them must fault.
    results_ = static_cast<char*>(mmap(nullptr, kArea + kGuard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(results_, kArea, PROT_READ | PROT_WRITE);
    read_only_ = static_cast<char*>(mmap(nullptr, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    std::memset(area_, 0x5a, kArea);
    for (std::size_t at = 0; at < kArea; at += 3 * kPage) std::memset(area_ + at, 0, kPage);
    out_ = memfd_create("fuzz", MFD_CLOEXEC);
    const int file = memfd_create("input", MFD_CLOEXEC);
    if (write(file, area_, kPage) != static_cast<ssize_t>(kPage)) std::abort();
    input_ = open(("/proc/self/fd/" + std::to_string(file)).c_str(), O_RDONLY | O_CLOEXEC);
    close(file);
    full_ = open("/dev/full", O_WRONLY | O_CLOEXEC);
  }
  ~Fuzzer() {
    for (int fd : requests_) close(fd);
    for (int fd : {device_, out_, input_, full_}) close(fd);
    munmap(area_, kArea);
    munmap(results_, kArea + kGuard);
    munmap(read_only_, kPage);
  }
  bool ready() const { return device_ >= 0; }

  void sequence() {
    const unsigned length = 1 + pick(12);
    for (unsigned i = 0; i < length; ++i) step();
    for (int fd : requests_) close(fd);
    requests_.clear();
  }

  bool intact() const {
    for (std::size_t i = 0; i < kArea; ++i) {
      if (area_[i] != ((i / kPage) % 3 == 0 ? 0 : 0x5a)) return false;
    }
    for (std::size_t i = 0; i < kPage; ++i) {
      if (read_only_[i] != 0) return false;
    }
    struct stat input {};
    char first[kPage];
    return fstat(input_, &input) == 0 && input.st_size == static_cast<off_t>(kPage) &&
           pread(input_, first, kPage, 0) == static_cast<ssize_t>(kPage) && std::memcmp(first, area_, kPage) == 0;
  }
  bool leaked() const { return leaked_; }

 private:
  unsigned pick(unsigned n) { return static_cast<unsigned>(random_() % n); }

  std::uint64_t number(std::uint64_t sensible) {
    switch (pick(8)) {
      case 0:
        return 0;
      case 1:
        return ~0ULL;
      case 2:
        return random_();
      case 3:
        return sensible + 1;
      case 4:
        return 1ULL << pick(64);
      default:
        return sensible;
    }
  }
  std::uint64_t pointer(void* sensible) {
    switch (pick(10)) {
      case 0:
        return 0;
      case 1:
        return 0xffff888000000000ULL + (random_() & 0xfffff000);
      case 2:
        return reinterpret_cast<std::uint64_t>(read_only_);
      case 3:
        return reinterpret_cast<std::uint64_t>(sensible) + kArea - 8;
      default:
        return reinterpret_cast<std::uint64_t>(sensible);
    }
  }
  int descriptor() {
    const int choices[] = {out_, out_, out_, input_, full_, device_, -1, 9999, requests_.empty() ? -1 : requests_[0]};
    return choices[pick(sizeof choices / sizeof *choices)];
  }
  template <class T>
  std::uint32_t size_of(const T&) {
    return static_cast<std::uint32_t>(pick(6) == 0 ? number(sizeof(T)) : sizeof(T));
  }

  void dump() {
    cairn_km_dump d{};
    d.size = size_of(d);
    d.flags = pick(4) == 0 ? static_cast<std::uint32_t>(number(CAIRN_KM_DIRTY_ONLY)) : 0;
    d.fd = descriptor();
    d.start = pick(3) == 0 ? number(reinterpret_cast<std::uint64_t>(area_)) : reinterpret_cast<std::uint64_t>(area_);
    d.end = pick(3) == 0 ? number(d.start + kArea) : d.start + kPage * (1 + pick(64));
    // The whole address space would be dumped; a few areas suffice.
    if (d.end > d.start && d.end - d.start > (1ULL << 40)) d.end = d.start + (1ULL << 40);
    d.offset = pick(6) == 0 ? number(0) : kPage * pick(16);
    d.runs = pointer(results_);
    d.chunks = pointer(results_ + kArea / 2);
    d.runs_max = static_cast<std::uint32_t>(pick(3) == 0 ? number(CAIRN_KM_RUNS_MAX) : CAIRN_KM_RUNS_MAX * pick(3));
    d.chunks_max = static_cast<std::uint32_t>(pick(3) == 0 ? number(4) : pick(16));
    // Results may go only where they cannot spoil the canary.
    if (d.runs_max > kArea / 2 / sizeof(cairn_km_run)) d.runs_max = CAIRN_KM_RUNS_MAX;
    if (d.chunks_max > kArea / 2 / sizeof(cairn_km_chunk)) d.chunks_max = 16;
    ioctl(pick(10) == 0 ? descriptor() : device_, CAIRN_KM_DUMP, &d);
    leaked_ = leaked_ || holds_secret();
    if (ftruncate(out_, 0) != 0) std::abort();
  }

  bool holds_secret() const {
    std::vector<char> piece(kArea);
    std::size_t run = 0;
    ssize_t got = 0;
    for (off_t at = 0; (at = lseek(out_, at, SEEK_DATA)) >= 0; at += got) {  // it may have holes of exabytes
      got = pread(out_, piece.data(), piece.size(), at);
      if (got <= 0) break;
      for (ssize_t i = 0; i < got; ++i) {
        run = piece[static_cast<std::size_t>(i)] == kSecret ? run + 1 : 0;
        if (run == kSecretRun) return true;
      }
    }
    return false;
  }

  void create() {
    cairn_km_request r{};
    r.size = size_of(r);
    r.flags = pick(8) == 0 ? static_cast<std::uint32_t>(number(0)) : 0;
    r.members = static_cast<std::uint32_t>(number(1 + pick(3)));
    r.deadline_ms = pick(4) == 0 ? static_cast<std::uint32_t>(number(1)) % 100 : 1 + pick(30);
    const int fd = ioctl(device_, CAIRN_KM_REQUEST, &r);
    if (fd >= 0) requests_.push_back(fd);
  }

  void with_request() {
    if (requests_.empty()) return create();
    const int fd = requests_[pick(static_cast<unsigned>(requests_.size()))];
    cairn_km_join j{};
    j.size = size_of(j);
    j.threads = static_cast<std::uint32_t>(number(1 + pick(3)));
    cairn_km_status s{};
    s.size = size_of(s);
    s.timeout_ms = pick(20);
    cairn_km_abort a{};
    a.size = size_of(a);
    a.error = static_cast<std::int32_t>(number(5));
    std::memset(a.text, 'x', sizeof a.text);
    switch (pick(8)) {
      case 0:
      case 1:
        ioctl(fd, CAIRN_KM_JOIN, &j);
        break;
      case 2:
        ioctl(fd, CAIRN_KM_ENTER);
        break;
      case 3:
        ioctl(fd, CAIRN_KM_WAIT, pick(8) == 0 ? reinterpret_cast<void*>(8) : &s);
        break;
      case 4:
        ioctl(fd, CAIRN_KM_STATUS, &s);
        break;
      case 5:
        ioctl(fd, CAIRN_KM_RELEASE);
        break;
      case 6:
        ioctl(fd, CAIRN_KM_ABORT, &a);
        break;
      default:
        ioctl(fd, static_cast<unsigned long>(random_()), &s);
    }
  }

  void step() {
    switch (pick(6)) {
      case 0:
        return create();
      case 1:
        return dump();
      case 2: {
        cairn_km_info info{};
        info.size = size_of(info);
        ioctl(device_, CAIRN_KM_INFO, &info);
        return;
      }
      case 3: {  // two threads on one request
        std::thread other([this] {
          if (!requests_.empty()) ioctl(requests_[0], CAIRN_KM_ENTER);
        });
        with_request();
        other.join();
        return;
      }
      case 4: {  // a child that joins and dies
        if (requests_.empty()) return create();
        const pid_t child = fork();
        if (child == 0) {
          cairn_km_join j{};
          j.size = sizeof j;
          j.threads = 1;
          ioctl(requests_[0], CAIRN_KM_JOIN, &j);
          if (pick(2) == 0) ioctl(requests_[0], CAIRN_KM_ENTER);
          _exit(0);
        }
        if (pick(2) == 0) kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
        return;
      }
      default:
        return with_request();
    }
  }

  std::mt19937_64 random_;
  int device_, out_ = -1, input_ = -1, full_ = -1;
  char *area_, *results_, *read_only_;
  std::vector<int> requests_;
  bool leaked_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  const long sequences = argc > 1 ? std::atol(argv[1]) : 200;
  const unsigned seed = argc > 2 ? static_cast<unsigned>(std::atol(argv[2])) : 1;
  if (getuid() == 0) std::puts("# runs as root: less is refused than for users");
  Bystander bystander;
  for (long i = 0; i < sequences; ++i) {
    alarm(60);  // a hang ends the test by SIGALRM
    Fuzzer fuzzer(seed + static_cast<unsigned>(i));
    if (!fuzzer.ready()) {
      std::perror("/dev/cairn");
      return 1;
    }
    fuzzer.sequence();
    if (!fuzzer.intact() || fuzzer.leaked()) {
      std::printf("not ok 1 - %s at seed %lu\n1..1\n", fuzzer.leaked() ? "another process's memory" : "memory changed",
                  seed + static_cast<unsigned long>(i));
      return 1;
    }
  }
  if (!bystander.intact()) {
    std::puts("not ok 1 - another process's memory changed\n1..1");
    return 1;
  }
  std::printf("ok 1 - %ld sequences from seed %u\n1..1\n", sequences, seed);
  return 0;
}
