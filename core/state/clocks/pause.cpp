// SPDX-License-Identifier: Apache-2.0
#include "core/state/clocks/pause.hpp"

#include <sys/resource.h>

#include <exception>
#include <optional>

#include "core/base/clock.hpp"
#include "core/state/clocks/kind.hpp"

namespace cairn::state {
namespace {

struct Used {
  std::int64_t processor;
  cairn_usage own;
};
std::optional<Used> standing_since;

Used used_now() { return {clock_now(CLOCK_PROCESS_CPUTIME_ID), process_usage(RUSAGE_SELF)}; }

}  // namespace

void guest_stands() { standing_since = used_now(); }

void guest_goes_on() noexcept try {
  if (!standing_since) return;
  const Used before = *standing_since, now = used_now();
  standing_since.reset();
  host::ProcessorTime ahead;
  ahead.processor = host::clock_ahead(CLOCK_PROCESS_CPUTIME_ID) - (now.processor - before.processor);
  ahead.own = host::usage_ahead(RUSAGE_SELF);
  ahead.own.user_us -= now.own.user_us - before.own.user_us;
  ahead.own.system_us -= now.own.system_us - before.own.system_us;
  ahead.children = host::usage_ahead(RUSAGE_CHILDREN);
  for (int tid : host::guest_threads()) {
    if (const host::ThreadTime thread = host::thread_time_ahead(tid); thread.tid != 0) ahead.threads.push_back(thread);
  }
  host::set_processor_time_ahead(std::move(ahead));
} catch (const std::exception&) {
  // Without memory or /proc its clock is some milliseconds ahead.
}

std::int64_t processor_time_of_guest() {
  const std::int64_t kernel = standing_since ? standing_since->processor : clock_now(CLOCK_PROCESS_CPUTIME_ID);
  return kernel + host::clock_ahead(CLOCK_PROCESS_CPUTIME_ID);
}

cairn_usage usage_of_guest() {
  return with_ahead(standing_since ? standing_since->own : process_usage(RUSAGE_SELF), host::usage_ahead(RUSAGE_SELF));
}

}  // namespace cairn::state
