// SPDX-License-Identifier: Apache-2.0
// ompi-checkpoint: asks the coordinator inside a running mpirun for a checkpoint of its job.
#include <unistd.h>

#include <boost/program_options.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>
#include <thread>

#include "core/base/error.hpp"
#include "launcher/job_status.hpp"
#include "launcher/report.hpp"
#include "launcher/versions.hpp"
#include "pmix/coordinator/runtime_directory.hpp"
#include "pmix/coordinator/tool_client.hpp"
#include "pmix/coordinator/tool_server.hpp"

namespace cairn::launcher {
namespace {

namespace po = boost::program_options;

constexpr char kCommand[] = "ompi-checkpoint";
constexpr double kConnectSeconds = 10;
constexpr double kAnswerMargin = 10;  // mpirun keeps the deadline itself; this is for an mpirun that is stopped

struct Options {
  bool term = false, stop = false, nowait = false, status = false, list = false, verbose = false, json = false;
  double timeout = 600;
  pid_t pid = 0;
};

po::options_description described(Options& o) {
  po::options_description d("Options");
  d.add_options()("term", po::bool_switch(&o.term), "end the job once the snapshot is complete (mpirun exits with 85)")(
      "stop", po::bool_switch(&o.stop),
      "stop the job (SIGTSTP) once the snapshot is complete; SIGCONT to mpirun resumes it")(
      "nowait,w", po::bool_switch(&o.nowait), "do not wait for the snapshot: return when it has been started")(
      "status,s", po::bool_switch(&o.status),
      "take no checkpoint, say what the job is doing; with the others, show progress lines")(
      "list,l", po::bool_switch(&o.list), "take no checkpoint, list the job's snapshots")(
      "verbose,v", po::bool_switch(&o.verbose), "say more")("timeout", po::value(&o.timeout)->default_value(600),
                                                            "seconds until the checkpoint is given up")(
      "json", po::bool_switch(&o.json), "answer in JSON")("help,h", "this text")("version", "version");
  return d;
}

// Nothing if the answer was the help or the version.
std::optional<Options> parse(int argc, char** argv) {
  Options o;
  po::options_description all, visible = described(o);
  std::vector<std::string> operands;
  all.add(visible).add_options()("pid", po::value(&operands));
  po::positional_options_description positions;
  positions.add("pid", -1);
  try {
    po::variables_map map;
    po::store(po::command_line_parser(argc, argv).options(all).positional(positions).run(), map);
    if (map.count("help") != 0) {
      std::cout << "Usage: ompi-checkpoint [options] PID_OF_MPIRUN\n\n" << visible;
      return std::nullopt;
    }
    if (map.count("version") != 0) {
      std::cout << "ompi-checkpoint (Cairn) " << kCairnVersion << "\n";
      return std::nullopt;
    }
    po::notify(map);
  } catch (const po::error& e) {
    throw ArgumentError(e.what());
  }
  if (operands.size() != 1) throw ArgumentError("one operand is wanted: the process id of mpirun");
  char* end = nullptr;
  o.pid = static_cast<pid_t>(std::strtol(operands[0].c_str(), &end, 10));
  if (*end != '\0' || o.pid <= 0) throw ArgumentError("'" + operands[0] + "' is no process id");
  if (!(o.timeout > 0)) throw ArgumentError("--timeout wants a number of seconds greater than 0");
  if (o.term && o.stop) throw ArgumentError("--term and --stop contradict each other");
  if (o.list && (o.term || o.stop || o.nowait))
    throw ArgumentError("--list takes no checkpoint: --term, --stop and --nowait have no meaning with it");
  return o;
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

void print_list(const pmix::Record& list, bool json) {
  const std::string snapshot = list.get("snapshot");
  bool first = true;
  if (json) std::printf("{\"snapshot\":%s,\"sequences\":[", json_text(snapshot).c_str());
  for (const auto& [number, sequence] : numbered(list, 's')) {
    if (json) {
      std::printf("%s{\"sequence\":%llu,\"taken\":%s,\"bytes\":%llu,\"seconds\":%s}", first ? "" : ",", number,
                  json_text(sequence.get("taken")).c_str(), static_cast<unsigned long long>(sequence.get_u64("bytes")),
                  sequence.get("seconds").c_str());
    } else {
      std::printf("Snapshot Ref.: %3llu %s  %s  %s\n", number, base_name(snapshot).c_str(),
                  sequence.get("taken").c_str(), size_text(sequence.get_u64("bytes")).c_str());
    }
    first = false;
  }
  if (json) std::printf("]}\n");
  if (!json && first) std::printf("This job has no snapshots.\n");
}

int print_answer(const pmix::Record& answer, const Options& o) {
  if (answer.type() == "failed") {
    if (o.json) {
      std::printf("{\"result\":\"failed\",\"code\":%d,\"text\":%s}\n", static_cast<int>(answer.get_u64("code")),
                  json_text(answer.get("text")).c_str());
      return static_cast<int>(answer.get_u64("code", CAIRN_EXIT_PERMANENT));
    }
    throw Error(static_cast<int>(answer.get_u64("code", CAIRN_EXIT_PERMANENT)), answer.get("text"));
  }
  const auto sequence = static_cast<unsigned long long>(answer.get_u64("sequence"));
  const std::string snapshot = answer.get("snapshot");
  const std::uint64_t bytes = answer.get_u64("bytes");
  const double seconds = answer.get_double("seconds");
  if (o.json) {
    std::printf("{\"result\":%s,\"sequence\":%llu,\"snapshot\":%s,\"bytes\":%llu,\"seconds\":%.6f}\n",
                json_text(answer.type()).c_str(), sequence, json_text(snapshot).c_str(),
                static_cast<unsigned long long>(bytes), seconds);
    return 0;
  }
  std::printf("Snapshot Ref.: %3llu %s\n", sequence, base_name(snapshot).c_str());
  if (o.verbose && answer.type() == "done") {
    std::fprintf(stderr, "%s: %s in %.2f s (%s/s), in %s\n", kCommand, size_text(bytes).c_str(), seconds,
                 size_text(static_cast<std::uint64_t>(static_cast<double>(bytes) / std::max(seconds, 1e-3))).c_str(),
                 snapshot.c_str());
  }
  return 0;
}

// Asks for the checkpoint on a thread of its own, and for the state of things while it runs.
pmix::Record take_checkpoint(pmix::ToolClient& client, const Options& o) {
  pmix::Record request("checkpoint");
  request.set("term", o.term).set("stop", o.stop).set("nowait", o.nowait).set("timeout", o.timeout);
  // The survey after a timeout takes mpirun a few seconds.
  const double patience = o.timeout + kAnswerMargin;
  pmix::PendingReply reply = client.begin_checkpoint(request);
  ProgressLine line;
  const auto start = std::chrono::steady_clock::now();
  for (std::string last;;) {
    if (auto answer = reply.wait(o.status || line.active() ? 0.5 : patience)) return *answer;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    if (passed.count() > patience)
      throw TemporaryError("mpirun (process " + std::to_string(o.pid) + ") does not answer; is it stopped?");
    if (!o.status && !line.active()) continue;
    const std::string now = one_line(client.query(pmix::kStatusKey, kAnswerMargin));
    if (o.status && now != last) std::fprintf(stderr, "[%7.2f s] %s\n", passed.count(), now.c_str());
    if (!o.status) line.show(now);
    last = now;
  }
}

int run(const Options& o) {
  const pmix::MpirunAddress mpirun = pmix::find_mpirun(o.pid);
  if (o.verbose) std::fprintf(stderr, "%s: mpirun is process %d\n", kCommand, static_cast<int>(mpirun.pid));
  pmix::ToolClient client(mpirun, kConnectSeconds);
  if (o.list) {
    print_list(client.query(pmix::kListKey, kAnswerMargin), o.json);
    return 0;
  }
  if (o.status && !o.term && !o.stop && !o.nowait) {
    print_status(client.query(pmix::kStatusKey, kAnswerMargin), o.json, o.verbose);
    return 0;
  }
  const pmix::Record answer = take_checkpoint(client, o);
  client.confirm();
  return print_answer(answer, o);
}

}  // namespace
}  // namespace cairn::launcher

int main(int argc, char** argv) {
  using namespace cairn::launcher;
  try {
    const auto options = parse(argc, argv);
    const int code = options ? run(*options) : 0;
    std::fflush(nullptr);
    // PMIx's threads may still wait for an mpirun that says nothing.
    ::_exit(code);
  } catch (const cairn::Error& e) {
    ::_exit(report_error(kCommand, "", e));
  }
}
