// SPDX-License-Identifier: Apache-2.0
// Programs that a command starts and waits for, with real processes.
#include "core/cli/child.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/error.hpp"

namespace cairn::cli {
namespace {

TEST(RunTool, ReturnsTheExitCode) {
  EXPECT_EQ(run_tool({"/bin/sh", "-c", "exit 7"}), 7);
  EXPECT_EQ(run_tool({"/bin/sh", "-c", "kill -TERM $$"}), 128 + SIGTERM);
}

TEST(RunTool, LeavesNoSignalBlocked) {
  sigset_t before, after;
  sigprocmask(SIG_BLOCK, nullptr, &before);
  EXPECT_EQ(run_tool({"/bin/true"}), 0);
  sigprocmask(SIG_BLOCK, nullptr, &after);
  for (int signal = 1; signal <= SIGRTMAX; ++signal)
    EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal)) << signal;
}

TEST(RunTool, SaysWhyAProgramCannotBeRun) {
  try {
    run_tool({"/not/there"});
    FAIL() << "it ran";
  } catch (const EnvironmentError& error) {
    EXPECT_STREQ(error.what(), "cannot run /not/there: No such file or directory");
  }
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

TEST(Child, RunsPrepareBeforeTheProgram) {
  Child child({});
  child.start("/bin/sh", {"sh", "-c", "test \"$PREPARED\" = yes"}, [] { setenv("PREPARED", "yes", 1); });
  EXPECT_EQ(exit_code_of(child.wait({})), 0);
}

TEST(Child, GetsTheSignalsThatArePassedOn) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  Child child({.passed_on = {SIGUSR1}, .own_group = true});
  const std::string program =
      "trap 'exit 11' USR1; trap 'exit 12' TERM; echo >&" + std::to_string(ready[1]) + "; while :; do read x; done";
  int keep[2];
  ASSERT_EQ(pipe(keep), 0);
  child.start("/bin/bash", {"bash", "-c", program}, [&] { dup2(keep[0], STDIN_FILENO); });
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  kill(getpid(), SIGUSR1);
  EXPECT_EQ(exit_code_of(child.wait({})), 11);
}

TEST(Child, GetsTheValueOfASignalThatHasOne) {
  Child child({.passed_on = {SIGRTMIN}, .own_group = true});
  int there[2];
  ASSERT_EQ(pipe(there), 0);
  const std::string program =
      "import os, signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGRTMIN}); os.close(" +
      std::to_string(there[1]) + "); info = signal.sigwaitinfo({signal.SIGRTMIN}); os._exit(info.si_code == -1)";
  child.start("python3", {"python3", "-c", program});
  close(there[1]);
  char byte = 0;
  ASSERT_EQ(read(there[0], &byte, 1), 0);
  sigqueue(getpid(), SIGRTMIN, {.sival_int = 7});
  EXPECT_EQ(exit_code_of(child.wait({})), 1);
}

TEST(Child, ATakenSignalIsNotPassedOn) {
  Child child({.passed_on = {SIGUSR2}, .own_group = true});
  int keep[2];
  ASSERT_EQ(pipe(keep), 0);
  child.start("/bin/sh", {"sh", "-c", "read line && exit 3"}, [&] {
    dup2(keep[0], STDIN_FILENO);
    close(keep[1]);
  });
  kill(getpid(), SIGUSR2);
  int taken = 0;
  const int status = child.wait({.on_signal =
                                     [&](int signal) {
                                       taken = signal;
                                       // Only now may it end.
                                       return write(keep[1], "\n", 1) == 1;
                                     },
                                 .on_timer = {}});
  EXPECT_EQ(taken, SIGUSR2);
  EXPECT_EQ(exit_code_of(status), 3);
}

TEST(Child, TheTimerTicksUntilItEnds) {
  Child child({});
  int keep[2];
  ASSERT_EQ(pipe(keep), 0);
  child.start("/bin/sh", {"sh", "-c", "read line"}, [&] { dup2(keep[0], STDIN_FILENO); });
  int ticks = 0;
  Child::Events events;
  events.period = 0.01;
  events.on_timer = [&] {
    if (++ticks != 3) return;
    EXPECT_EQ(write(keep[1], "\n", 1), 1);
  };
  EXPECT_EQ(exit_code_of(child.wait(events)), 0);
  EXPECT_GE(ticks, 3);
}

TEST(Child, ItsParentDiesOfTheSameSignal) {
  EXPECT_EXIT(std::exit(end_like(SIGTERM)), testing::KilledBySignal(SIGTERM), "");
  EXPECT_EXIT(std::exit(end_like(5 << 8)), testing::ExitedWithCode(5), "");
}

}  // namespace
}  // namespace cairn::cli
