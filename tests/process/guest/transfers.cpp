// SPDX-License-Identifier: Apache-2.0
// Calls that go on until all is sent or received, in a host that stops the process many times during each. The
// program's own handlers still end them.
#include "tests/process/guest/transfers.hpp"

#include <signal.h>

#include "tests/process/guest/test.hpp"

namespace {

using namespace cairn::test;

void stopped_some_times() {
  const unsigned before = stops();
  CHECK(eventually([=] { return stops() - before >= 3; }));
  check_no_failures();
}

void completed() {
  size_t count = 0;
  Transfer* all = transfers(count);
  for (size_t i = 0; i < count; ++i) {
    begin(all[i]);
    stopped_some_times();
    end(all[i]);
  }
}

void on_signal(int) {}

// Receiving is ended by a handler even if calls are to be resumed after it, once a part has come.
void ended_by_handlers() {
  size_t count = 0;
  Transfer* all = transfers(count);
  for (size_t i = 0; i < count; ++i) {
    Transfer& transfer = all[i];
    if (transfer.way == Transfer::kWaiting) continue;
    struct sigaction action = {};
    action.sa_handler = on_signal;
    action.sa_flags = receives(transfer) ? SA_RESTART : 0;
    CHECK(sigaction(SIGUSR1, &action, nullptr) == 0);
    begin(transfer);
    stopped_some_times();
    while (!transfer.over) {
      pthread_kill(transfer.thread, SIGUSR1);
      usleep(5000);
    }
    pthread_join(transfer.thread, nullptr);
    if (transfer.result <= 0 || transfer.result >= static_cast<long>(transfer.size))
      transfer_failed(transfer, "returned", transfer.result);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return run_cases({{"completed", completed}, {"ended_by_handlers", ended_by_handlers}}, argc, argv);
}
