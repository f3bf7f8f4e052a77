// SPDX-License-Identifier: Apache-2.0
// A program that brings others back by libcr's calls for restarts.
//   guest_restarts FLAG CASE          saves a worker in the file "saved", ends it, and has it back
//   guest_restarts worker FILE        writes "answer-PID" and a line to FILE at each SIGUSR1; ends with 7 at SIGUSR2
//   guest_restarts parent FILE        the same with a child
// CAIRN_TEST_BIN: where the commands are.
#include "tests/process/guest/restarts.hpp"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <vector>

namespace {

using namespace restarts;

// --- the cases ---

volatile sig_atomic_t ends_of_children = 0;

void as_a_child() {
  const pid_t before = start_worker("data");
  CHECK_EQUAL(ask(before).count, 1);
  const std::string of_worker = descriptors_of(before);
  save(before);
  end(before);
  install(SIGCHLD, [](int) { ends_of_children = ends_of_children + 1; });
  const std::string descriptors = descriptors_of(getpid());
  const pid_t pid = brought_back(request(kSaved), before);
  CHECK(descriptors_of(getpid()) == descriptors);
  const Answer answer = ask(pid);
  CHECK_EQUAL(answer.count, 2);
  CHECK_EQUAL(answer.parent, getpid());
  CHECK(descriptors_of(pid) == of_worker);
  CHECK_EQUAL(waitpid(-1, nullptr, WNOHANG), 0);
  CHECK_EQUAL(static_cast<int>(ends_of_children), 0);
  send(pid, SIGUSR2);
  CHECK_EQUAL(exit_code_of(pid), kWorkersCode);
  CHECK_EQUAL(static_cast<int>(ends_of_children), 1);
  CHECK(!has_children());
}

void signalled() {
  saved_worker();
  cr_restart_args_t args = arguments(open(kSaved, O_RDONLY));
  args.cr_signal = SIGUSR2;
  CHECK_EQUAL(exit_code_of(brought_back(request(args))), kWorkersCode);
}

void relocated() {
  mkdir("old=place", 0700);
  saved_worker("old=place/data");
  rename("old=place", "new\tplace\\");
  char here[4096];
  CHECK(getcwd(here, sizeof here) != nullptr);
  const std::string from = std::string(here) + "/old=place", to = std::string(here) + "/new\tplace\\";
  cr_restart_handle_t handle = request(kSaved);
  failed(outcome(handle), EIO, "old=place/data");
  CHECK(!has_children());
  auto* relocate = static_cast<cr_rstrt_relocate*>(malloc(CR_RSTRT_RELOCATE_SIZE(2)));
  relocate->count = 2;
  relocate->path[0] = {"/no/such/directory", "/elsewhere"};
  relocate->path[1] = {from.c_str(), to.c_str()};
  cr_restart_args_t args = arguments(open(kSaved, O_RDONLY));
  args.cr_relocate = relocate;
  handle = request(args);
  free(relocate);
  const pid_t pid = brought_back(handle);
  CHECK_EQUAL(ask(pid).count, 2);
  struct stat status = {};
  CHECK(stat("new\tplace\\/data", &status) == 0 && status.st_size == 10);
  end(pid);
}

void twice() {
  const pid_t before = saved_worker();
  const pid_t first = brought_back(request(kSaved), before);
  const pid_t second = brought_back(request(kSaved), before);
  CHECK(first != second);
  CHECK_EQUAL(ask(first).count, 2);
  CHECK_EQUAL(ask(second).count, 2);
  CHECK_EQUAL(ask(second).count, 3);
  CHECK_EQUAL(ask(first).count, 3);
  cr_restart_args_t args = arguments(open(kSaved, O_RDONLY));
  args.cr_flags = 0;
  end(first);
  end(second);
  const pid_t third = brought_back(request(args));
  CHECK(third != before);
  end(third);
}

void refuse(cr_restart_args_t args, int error) {
  cr_restart_handle_t handle = 0;
  CHECK_EQUAL(cr_request_restart(&args, &handle), -1);
  CHECK_EQUAL(errno, error);
  CHECK(!has_children());
}

void wrong_arguments() {
  cr_restart_handle_t handle = 0;
  const cr_restart_args_t right = arguments(open("/dev/null", O_RDONLY));
  cr_restart_args_t args = right;
  const std::string descriptors = descriptors_of(getpid());
  CHECK(cri_init_restart_args_t(CR_RESTART_ARGS_VERSION + 1, &args) < 0 && errno == CR_EVERSION);
  args.cr_version = 0;
  refuse(args, EINVAL);
  refuse(arguments(-1), EBADF);
  refuse(arguments(987), EBADF);
  for (const int signal : {-1, 64, 1000}) {
    args = right;
    args.cr_signal = signal;
    refuse(args, EINVAL);
  }
  args = right;
  args.cr_flags = 0x100;
  refuse(args, EINVAL);
  for (const unsigned flag : {CR_RSTRT_RESTORE_PGID, CR_RSTRT_RESTORE_SID}) {
    args.cr_flags = CR_RSTRT_RESTORE_PID | flag;
    refuse(args, ENOSYS);
  }
  args = right;
  args.cr_relocate = static_cast<cr_rstrt_relocate*>(calloc(1, CR_RSTRT_RELOCATE_SIZE(CR_MAX_RSTRT_RELOC + 1)));
  args.cr_relocate->count = CR_MAX_RSTRT_RELOC + 1;
  for (unsigned i = 0; i <= CR_MAX_RSTRT_RELOC; ++i) args.cr_relocate->path[i] = {"/a", "/b"};
  refuse(args, EINVAL);
  args.cr_relocate->count = 1;
  args.cr_relocate->path[0].newpath = nullptr;
  refuse(args, EINVAL);
  free(args.cr_relocate);
  args = right;
  CHECK(cr_request_restart(&args, nullptr) < 0 && errno == EINVAL);
  CHECK(cr_request_restart(nullptr, &handle) < 0 && errno == EINVAL);
  CHECK(descriptors_of(getpid()) == descriptors);
}

// Without a host, and with a libcr beside which there is no command, or none that runs.
void without_command() { refuse(arguments(open("/dev/null", O_RDONLY)), CR_ENOSUPPORT); }
void with_broken_command() {
  cr_restart_handle_t handle = request("/dev/null");
  failed(outcome(handle), EIO, "cannot be executed");
  CHECK(!has_children());
}

void wrong_handle(cr_restart_handle_t* handle) {
  CHECK(cr_wait_restart(handle, nullptr) < 0 && errno == EINVAL);
  CHECK(cr_log_restart(handle, 0, nullptr) < 0 && errno == EINVAL);
  CHECK(cr_reap_restart(handle) < 0 && errno == EINVAL);
  CHECK(cr_poll_restart(handle, nullptr) == CR_POLL_RSTRT_ERR_PRE && errno == EINVAL);
}

constexpr int kPage = 4096;

void wrong_files() {
  const pid_t before = saved_worker();
  std::ofstream("text") << std::string(5000, 'x');
  cr_restart_handle_t handle = request("text");
  const cr_restart_handle_t used = handle;
  failed(outcome(handle), CR_EPERMFAIL, "text is not a context file");
  for (cr_restart_handle_t wrong : {handle, used, ~0ul}) wrong_handle(&wrong);
  wrong_handle(nullptr);
  handle = request(".");
  failed(outcome(handle), CR_EPERMFAIL, "");
  std::fstream(kSaved, std::ios::in | std::ios::out | std::ios::binary).seekp(kPage + kPage / 2).write("damaged", 7);
  handle = request(kSaved);
  failed(outcome(handle), CR_EPERMFAIL, "/saved is damaged");
  CHECK(truncate(kSaved, 16 * kPage) == 0);
  handle = request(kSaved);
  CHECK(cr_wait_restart(&handle, nullptr) > 0);
  char text[8];
  const int size = cr_log_restart(&handle, sizeof text, text);
  CHECK(size > static_cast<int>(sizeof text) && strlen(text) == sizeof text - 1);
  CHECK_EQUAL(cr_log_restart(&handle, 0, nullptr), size);
  CHECK(cr_reap_restart(&handle) < 0 && errno == CR_EPERMFAIL);
  CHECK(!has_children());
  CHECK(kill(before, 0) != 0);
}

void limited_waits() {
  saved_worker();
  const Feed feed;
  cr_restart_handle_t handle = request(arguments(feed.ends[0]));
  timeval limit{0, 20000};
  CHECK_EQUAL(cr_wait_restart(&handle, &limit), 0);
  CHECK_EQUAL(limit.tv_sec * 1000000 + limit.tv_usec, 0L);
  limit.tv_usec = 1000;
  CHECK_EQUAL(cr_poll_restart(&handle, &limit), 0);
  CHECK(cr_reap_restart(&handle) < 0 && errno == EAGAIN);
  CHECK_EQUAL(cr_log_restart(&handle, 0, nullptr), 0);
  install(
      SIGALRM, [](int) {}, 0);
  const itimerval often{{0, 20000}, {0, 20000}}, never{};
  setitimer(ITIMER_REAL, &often, nullptr);
  CHECK(cr_wait_restart(&handle, nullptr) < 0 && errno == EINTR);
  setitimer(ITIMER_REAL, &never, nullptr);
  feed.all_of(kSaved);
  limit = {1000, 0};
  CHECK(cr_wait_restart(&handle, &limit) > 0);
  CHECK(limit.tv_sec > 0 && limit.tv_sec < 1000);
  const pid_t pid = cr_reap_restart(&handle);
  CHECK(pid > 0);
  CHECK_EQUAL(ask(pid).count, 2);
  end(pid);
}

// A signal for the program waits for it.
void told_meanwhile() {
  saved_worker();
  const Feed feed;
  cr_restart_handle_t handle = request(arguments(feed.ends[0]));
  const pid_t pid = only_child();
  unlink(answer_of(pid).c_str());
  send(pid, SIGUSR1);
  feed.all_of(kSaved);
  CHECK_EQUAL(brought_back(handle), pid);
  while (!exists(answer_of(pid))) subject::nap();
  end(pid);
}

volatile sig_atomic_t taken = 0;

// What the program waits for itself is not missing for the answer; nor does it matter who else has the pipe.
void ends_on_the_way() {
  saved_worker();
  Feed feed;
  cr_restart_handle_t handle = request(arguments(feed.ends[0]));
  send(only_child(), SIGKILL);
  failed(outcome(handle), CR_ERSTRTABRT, "");
  CHECK(!has_children());
  install(SIGCHLD, [](int) {
    const int error = errno;
    while (waitpid(-1, nullptr, WNOHANG) > 0) taken = taken + 1;
    errno = error;
  });
  std::ofstream("text") << "text";
  handle = request("text");
  while (taken == 0) subject::nap();
  failed(outcome(handle), CR_EPERMFAIL, "text is not a context file");
  install(SIGCHLD, SIG_IGN);
  handle = request("text");
  failed(outcome(handle), CR_EPERMFAIL, "text is not a context file");
  const pid_t pid = brought_back(request(kSaved));
  CHECK_EQUAL(ask(pid).count, 2);
  send(pid, SIGKILL);
}

cr_restart_handle_t common_handle = 0;

void* reap_common(void* result) {
  cr_restart_handle_t handle = common_handle;
  if (cr_wait_restart(&handle, nullptr) > 0) *static_cast<int*>(result) = cr_reap_restart(&handle);
  return nullptr;
}

void by_many_threads() {
  saved_worker();
  const Feed feed;
  common_handle = request(arguments(feed.ends[0]));
  std::vector<pthread_t> threads(8);
  std::vector<int> results(threads.size());
  for (std::size_t i = 0; i < threads.size(); ++i)
    CHECK(pthread_create(&threads[i], nullptr, reap_common, &results[i]) == 0);
  feed.all_of(kSaved);
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  int reaped = 0, pid = 0;
  for (const int result : results) {
    if (result <= 0) continue;
    ++reaped;
    pid = result;
  }
  CHECK_EQUAL(reaped, 1);
  CHECK_EQUAL(ask(pid).count, 2);
  end(pid);
}

// Of a tree the command stays in between, which passes signals on and ends as the tree's first.
pid_t tree_in_between() {
  const pid_t before = start_worker("data", "parent");
  CHECK_EQUAL(ask(before).count, 1);
  const std::string command = std::string(getenv("CAIRN_TEST_BIN")) + "/cr_checkpoint --kill -f saved ";
  CHECK_EQUAL(system((command + std::to_string(before)).c_str()), 0);
  CHECK_EQUAL(waitpid(before, nullptr, 0), before);
  const pid_t pid = brought_back(request(kSaved));
  CHECK(pid != before);
  const Answer answer = ask(before, pid);
  CHECK_EQUAL(answer.count, 2);
  return pid;
}

void tree() {
  const pid_t pid = tree_in_between();
  send(pid, SIGUSR2);
  CHECK_EQUAL(exit_code_of(pid), kWorkersCode);
  CHECK(!has_children());
  std::ofstream("saved/group") << "text";
  cr_restart_handle_t handle = request(kSaved);
  failed(outcome(handle), CR_EPERMFAIL, "saved");
  CHECK(!has_children());
}

void stay(const char* flag) { subject::stay_until_asked(flag, subject::nap); }

// It is saved with the caller, like any child, and so is a handle that is not used up yet.
void saved_with_it(const char* flag) {
  saved_worker("data", "one");
  saved_worker("other-data", "other");
  const pid_t one = brought_back(request("one"));
  CHECK_EQUAL(ask(one).parent, getpid());
  cr_restart_handle_t handle = request("other");
  CHECK(cr_wait_restart(&handle, nullptr) > 0);
  stay(flag);
  CHECK_EQUAL(ask(one).count, 3);
  CHECK_EQUAL(ask(one).parent, getpid());
  const pid_t other = brought_back(handle);
  CHECK_EQUAL(ask(other).count, 2);
  CHECK_EQUAL(ask(other).parent, getpid());
  for (const pid_t pid : {one, other}) {
    send(pid, SIGUSR2);
    CHECK_EQUAL(exit_code_of(pid), kWorkersCode);
  }
}

// Nothing of a restart that is under way can be saved, and nobody waits for it.
void under_way(const char* flag) {
  saved_worker();
  const Feed feed;
  cr_restart_handle_t handle = request(arguments(feed.ends[0]));
  stay(flag);
  feed.all_of(kSaved);
  const pid_t pid = brought_back(handle);
  CHECK_EQUAL(ask(pid).count, 2);
  end(pid);
}

struct Case {
  const char* name;
  void (*run)();
};
constexpr Case kCases[] = {{"as_a_child", as_a_child},
                           {"without_host", as_a_child},
                           {"signalled", signalled},
                           {"relocated", relocated},
                           {"twice", twice},
                           {"wrong_arguments", wrong_arguments},
                           {"without_command", without_command},
                           {"with_broken_command", with_broken_command},
                           {"wrong_files", wrong_files},
                           {"limited_waits", limited_waits},
                           {"told_meanwhile", told_meanwhile},
                           {"ends_on_the_way", ends_on_the_way},
                           {"by_many_threads", by_many_threads},
                           {"tree", tree}};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  own_path = argv[0];
  const std::string first = argv[1], name = argv[2];
  if (first == "worker" || first == "parent") return work(argv[2], first == "parent");
  if (name == "saved_with_it" || name == "under_way") {
    (name == "under_way" ? under_way : saved_with_it)(argv[1]);
    return subject::verdict();
  }
  if (name == "tree_stays_in_between") {
    const pid_t pid = tree_in_between();
    stay(argv[1]);
    end(pid);
    return subject::verdict();
  }
  for (const Case& one : kCases) {
    if (name != one.name) continue;
    one.run();
    stay(argv[1]);
    return subject::verdict();
  }
  return 2;
}
