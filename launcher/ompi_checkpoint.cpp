// SPDX-License-Identifier: Apache-2.0
// ompi-checkpoint: asks the coordinator inside a running mpirun for a checkpoint of its job.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/cli/asking_again.hpp"
#include "core/cli/other_process.hpp"
#include "core/cli/progress_line.hpp"
#include "core/cli/report.hpp"
#include "core/context/reader.hpp"
#include "core/state/files/saved_contents.hpp"
#include "launcher/checkpoint_options.hpp"
#include "launcher/interruption.hpp"
#include "launcher/job_status.hpp"
#include "launcher/snapshot.hpp"
#include "pmix/coordinator/runtime_directory.hpp"
#include "pmix/coordinator/tool_client.hpp"

namespace cairn::launcher {
namespace {

constexpr char kCommand[] = "ompi-checkpoint";
constexpr double kConnectSeconds = 10;
constexpr double kAnswerMargin = 10;  // mpirun keeps the deadline itself; this is for an mpirun that is stopped

void print_list(const pmix::SequenceList& list, bool json) {
  bool first = true;
  if (json) std::printf("{\"snapshot\":%s,\"sequences\":[", json_text(list.snapshot).c_str());
  for (const auto& [key, sequence] : list.sequences) {
    const auto number = static_cast<unsigned long long>(key);
    if (json) {
      std::printf("%s{\"sequence\":%llu,\"taken\":%s,\"bytes\":%llu,\"seconds\":%s}", first ? "" : ",", number,
                  json_text(sequence.taken).c_str(), static_cast<unsigned long long>(sequence.bytes),
                  to_text(sequence.seconds).c_str());
    } else {
      std::printf("Snapshot Ref.: %3llu %s  %s  %s\n", number, base_name(list.snapshot).c_str(),
                  printable(sequence.taken).c_str(), human_size(sequence.bytes).c_str());
    }
    first = false;
  }
  if (json) std::printf("]}\n");
  if (!json && first) std::printf("This job has no snapshots.\n");
}

void tell_of_contents(const pmix::Done& done) {
  const Snapshot snapshot = open_snapshot(done.snapshot);
  state::SavedContents contents;
  for (const manifest::Rank& rank : snapshot.manifest.sequences.at(done.sequence).ranks)
    contents.look_at(context::Reader::open(snapshot.directory + "/" + rank.path));
  cli::complain(kCommand, contents.text());
}

int print_answer(const Record& answer, const CheckpointOptions& o) {
  if (pmix::is<pmix::Failed>(answer)) {
    const auto failed = pmix::from_record<pmix::Failed>(answer);
    throw cli::DetailedError(failed.code, failed.text,
                             failed.rank < 0 ? "" : ",\"rank\":" + std::to_string(failed.rank));
  }
  const auto done = pmix::from_record<pmix::Done>(answer);  // what says that it has begun has less of it
  const auto sequence = static_cast<unsigned long long>(done.sequence);
  if (!done.note.empty()) cli::complain(kCommand, done.note);
  if (o.json) {
    std::printf("{\"result\":%s,\"sequence\":%llu,\"snapshot\":%s,\"bytes\":%llu,\"seconds\":%.6f}\n",
                json_text(answer.type()).c_str(), sequence, json_text(done.snapshot).c_str(),
                static_cast<unsigned long long>(done.bytes), done.seconds);
    return 0;
  }
  std::printf("Snapshot Ref.: %3llu %s\n", sequence, base_name(done.snapshot).c_str());
  if (o.verbose && pmix::is<pmix::Done>(answer)) {
    std::fprintf(stderr, "%s: %s in %.2f s (%s), engine %s, in %s\n", kCommand, human_size(done.bytes).c_str(),
                 done.seconds, human_rate(done.bytes, done.seconds).c_str(), done.engine.c_str(),
                 done.snapshot.c_str());
  }
  if (o.save_files && pmix::is<pmix::Done>(answer)) tell_of_contents(done);
  return 0;
}

// What to show while the checkpoint runs; nothing if its answer is there instead: mpirun may have ended behind it.
std::optional<pmix::JobStatus> progress_of(pmix::ToolClient& client, pmix::PendingReply& reply,
                                           std::optional<Record>& answer) {
  try {
    return client.status(kAnswerMargin);
  } catch (const Error&) {
    answer = reply.wait(0);
    if (!answer) throw;
    return std::nullopt;
  }
}

// Says once who keeps the others waiting. Who has nobody to tell of asks more and more seldom.
class Waiting {
 public:
  // Seconds until it is time to ask.
  double patience(double longest) {
    const double now = told_ ? longest : std::min(next_, longest);
    next_ *= 2;
    return std::max(now, 0.0);
  }
  void ask(pmix::ToolClient& client) {
    constexpr double kSeconds = 3;
    if (told_) return;
    try {
      tell(client.status(kSeconds));
    } catch (const Error&) {
      told_ = true;  // mpirun is stopped, or has just ended: the checkpoint's own answer says so
    }
  }
  void tell(const pmix::JobStatus& status) {
    if (told_) return;
    const std::vector<std::string> lines = lines_about_waiting(status);
    if (lines.empty()) return;
    told_ = true;
    std::string text = "the checkpoint waits for these ranks:";
    for (const std::string& line : lines) text += "\n  " + line;
    cli::complain(kCommand, text);
  }

 private:
  double next_ = 1.2;  // seconds
  bool told_ = false;
};

// Who waits does not want it any more. Comes back if mpirun is about to complete it.
void withdraw(pmix::ToolClient& client, Interruption& interruption, bool json) {
  bool withdrawn = false;
  try {
    withdrawn = client.withdraw(kConnectSeconds);
  } catch (const Error& error) {
    cli::complain(kCommand,
                  std::string("the request could not be withdrawn: ") + error.what() + "; it may still be carried out");
    interruption.end_by_it();
  }
  if (withdrawn) {
    if (json) std::printf("{\"result\":\"withdrawn\"}\n");
    cli::complain(kCommand, "the request is withdrawn; nothing is saved, and the job goes on");
    interruption.end_by_it();
  }
  cli::complain(kCommand, "it is too late to withdraw the request: its snapshot is being completed");
  interruption.let_through();
}

// Asks for the checkpoint, and for the state of things while it runs.
Record take_checkpoint(pmix::ToolClient& client, const CheckpointOptions& o) {
  const pmix::CheckpointWish wish{
      .term = o.term, .stop = o.stop, .nowait = o.nowait, .timeout = o.timeout, .save_files = o.save_files};
  // The survey after a timeout takes mpirun a few seconds.
  const double patience = o.timeout + kAnswerMargin;
  Interruption interruption;
  pmix::PendingReply reply = client.begin_checkpoint(wish);
  cli::ProgressLine line;
  Waiting waiting;
  const auto start = std::chrono::steady_clock::now();
  for (std::string last;;) {
    const bool shows = o.status || line.active();
    std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    if (auto answer =
            reply.wait(shows ? 0.5 : waiting.patience(patience - passed.count()), interruption.descriptor())) {
      if (pmix::is<pmix::Failed>(*answer) && interruption.came() != 0) interruption.end_by_it();
      return *answer;
    }
    if (interruption.came() != 0) {
      withdraw(client, interruption, o.json);
      continue;
    }
    passed = std::chrono::steady_clock::now() - start;
    if (passed.count() > patience)
      throw TemporaryError("mpirun (process " + std::to_string(o.pid) +
                           ") does not answer; it may be stopped (SIGCONT lets it go on)");
    if (!shows) {
      waiting.ask(client);
      continue;
    }
    std::optional<Record> answer;
    const auto status = progress_of(client, reply, answer);
    if (answer) return *answer;
    const std::string now = one_line(*status);
    if (o.status && now != last) std::fprintf(stderr, "[%7.2f s] %s\n", passed.count(), now.c_str());
    if (!o.status) line.show(now);
    waiting.tell(*status);
    last = now;
  }
}

void tell_of_waiting(const CheckpointOptions& o, const std::string& why) {
  if (o.verbose) cli::complain(kCommand, why + "; asking again");
}

// One answer, or several requests for one: see --wait.
int ask(pmix::ToolClient& client, const CheckpointOptions& o) {
  std::optional<Record> answer;
  const auto attempt = [&] {
    answer.reset();
    answer = take_checkpoint(client, o);
    if (!pmix::is<pmix::Failed>(*answer)) return;
    const auto failed = pmix::from_record<pmix::Failed>(*answer);
    if (failed.code == CAIRN_EXIT_TEMPORARY) throw TemporaryError(failed.text);
  };
  try {
    cli::ask_again(o.wait, attempt, [&](const std::string& why) { tell_of_waiting(o, why); });
  } catch (const Error& error) {
    if (!answer || error.code() != CAIRN_EXIT_TEMPORARY) throw;
  }
  return print_answer(*answer, o);
}

// It could not answer.
void refuse_stopped(pid_t mpirun) {
  if (!cli::is_stopped(mpirun)) return;
  throw TemporaryError("mpirun (process " + std::to_string(mpirun) +
                       ") is stopped; fg, bg or kill -CONT lets it go on");
}

int run(const CheckpointOptions& o) {
  const auto removal = pmix::remove_leftovers_of_killed();
  const bool asks_only = o.list || (o.status && !o.term && !o.stop && !o.nowait && !o.save_files);
  const auto find = [&] {
    pmix::MpirunAddress mpirun = pmix::find_mpirun(o.pid);
    if (!asks_only || o.list) refuse_stopped(mpirun.pid);
    return mpirun;
  };
  const pmix::MpirunAddress mpirun =
      cli::ask_again(asks_only ? 0 : o.wait, find, [&](const std::string& why) { tell_of_waiting(o, why); });
  if (o.verbose) std::fprintf(stderr, "%s: mpirun is process %d\n", kCommand, static_cast<int>(mpirun.pid));
  if (const auto stopped = asks_only && !o.list ? status_of_stopped(mpirun.pid) : std::nullopt) {
    print_status(*stopped, o.json, o.verbose);
    return 0;
  }
  pmix::ToolClient client(mpirun, kConnectSeconds);
  if (o.list) {
    print_list(client.list(kAnswerMargin), o.json);
    return 0;
  }
  if (asks_only) {
    print_status(client.status(kAnswerMargin), o.json, o.verbose);
    return 0;
  }
  return ask(client, o);
}

}  // namespace
}  // namespace cairn::launcher

int main(int argc, char** argv) {
  using namespace cairn::launcher;
  return cairn::cli::run_command(kCommand, cairn::cli::Voice::framed, argc, argv, parse_checkpoint, run);
}
