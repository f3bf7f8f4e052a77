// SPDX-License-Identifier: Apache-2.0
// One point-to-point message in all the ways MPI can send and receive it.
#pragma once

#include <functional>
#include <memory>

#include "tests/mpi/random/state.hpp"

namespace cairn::random_program {

enum class SendHow { kSend, kSsend, kBsend, kRsend, kIsend, kIssend, kIbsend, kIrsend };
enum class RecvHow { kRecv, kIrecv, kProbe, kIprobe, kMprobe, kImprobe, kImrecv };
inline bool returns_at_once(SendHow how) { return how >= SendHow::kIsend; }
inline bool returns_at_once(RecvHow how) { return how == RecvHow::kIrecv || how == RecvHow::kImrecv; }
inline bool is_ready(SendHow how) { return how == SendHow::kRsend || how == SendHow::kIrsend; }
inline bool is_buffered(SendHow how) { return how == SendHow::kBsend || how == SendHow::kIbsend; }

struct Message {
  Comm* comm = nullptr;
  std::uint64_t key = 0;
  int from = 0, to = 0;  // world ranks
  int tag = 0, ready_tag = 0;
  std::size_t bytes = 0;
  SendHow send_how = SendHow::kSend;
  RecvHow recv_how = RecvHow::kRecv;
  int send_done = 0, recv_done = 0;  // positions in the time line at which the two ends are completed
  std::shared_ptr<const Type> send_type, recv_type;

  int source() const { return comm->index(from); }
  int destination() const { return comm->index(to); }
};

RecvHow draw_receive(Rng& rng, const Options& options);
// A message with random ends on a random communicator; both ends agree on signature and size.
Message draw_message(State& s);

// One end of a message in progress. The request is null when it is finished.
struct End {
  Message message;
  Buffer buffer;
  bool receiving = false;
  MPI_Request request = MPI_REQUEST_NULL;
  bool verified = false;

  // After completion: status, size, every byte.
  void verify(State& s, const MPI_Status& status);
};

std::unique_ptr<End> start_send(State& s, const Message& m);
std::unique_ptr<End> start_receive(State& s, const Message& m);

// Completes all of them, by one of MPI's ways to do so, chosen by this rank alone. verify() is called for each.
void complete_all(State& s, std::vector<std::unique_ptr<End>>& ends);
void complete_one(State& s, End& end);

void check_status(const MPI_Status& status, int source, int tag, std::size_t bytes);

// Buffer space for buffered sends while it lives; detaching waits until they are delivered.
class BsendSpace {
 public:
  explicit BsendSpace(std::size_t bytes);
  ~BsendSpace();
  BsendSpace(const BsendSpace&) = delete;
  BsendSpace& operator=(const BsendSpace&) = delete;

 private:
  std::vector<unsigned char> space_;
};

}  // namespace cairn::random_program
