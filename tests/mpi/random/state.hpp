// SPDX-License-Identifier: Apache-2.0
// The state of a random program. Everything in it but handles, buffers and `local` is the same on every rank: all
// ranks draw the same plan, each does its own part. A step may draw from `plan` only what does not depend on the rank.
#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/mpi/random/ledger.hpp"
#include "tests/mpi/random/rng.hpp"

namespace cairn::random_program {

struct Options {
  std::uint64_t first_seed = 1;
  std::uint64_t last_seed = 1;
  int steps = 60;
  std::uint64_t kinds = ~std::uint64_t{0};
  double slow = 1.0;
  std::size_t max_bytes = std::size_t{4} << 20;
  bool threads = false;
  bool trace = false;
  std::string directory;             // of files; none: no files
  bool files_vanish = false;         // they may be gone when a job is brought back: their contents must have been saved
  bool no_file_icollective = false;  // ROMIO crashes with collective operations that do not wait
  bool no_mprobe = false;      // Open MPI's mtl/ofi never answers a synchronous send that is received by matched probe
  bool no_early_free = false;  // Open MPI crashes if a communicator is freed while a collective runs on it
};

// A communicator as the plan sees it; `handle` is MPI_COMM_NULL on ranks outside it.
struct Comm {
  MPI_Comm handle = MPI_COMM_NULL;
  std::vector<int> members;  // world ranks, in the order of the communicator (the first group of an intercommunicator)
  std::vector<int> remote;   // the other group, empty if this is no intercommunicator
  // Neighbours by member (communicator ranks, MPI_PROC_NULL where a grid ends); empty without a topology.
  std::vector<std::vector<int>> in, out;
  int id = 0;
  int pending = 0;      // streams and channels that are not finished
  int collectives = 0;  // and collectives
  bool attribute = false;
  bool fixed = false;  // MPI_COMM_WORLD

  bool inter() const { return !remote.empty(); }
  // Rank in its own group of a world rank, -1 outside.
  int index(int world) const;
  bool contains(int world) const { return index(world) >= 0; }
  int size() const { return static_cast<int>(members.size()); }
};

// A datatype and where its bytes are, in the order of its type map. Lower bound 0.
struct Type {
  MPI_Datatype handle = MPI_DATATYPE_NULL;
  MPI_Datatype base = MPI_BYTE;
  std::size_t base_size = 1;
  struct Block {
    std::size_t offset, length;
  };
  std::vector<Block> blocks;
  std::size_t extent = 1;
  std::size_t size = 1;
};

struct Stream;
struct Channel;
struct Collective;
struct Window;
struct OpenFile;
struct Persistent;
struct OwnRequest;

class State {
 public:
  State(const Options& options, std::uint64_t seed, int rank, int size);  // collective
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::uint64_t key() { return mix(seed, ++keys_); }
  // Unique among the last 30,000: two operations in flight never share one by accident.
  int tag() { return 1 + static_cast<int>(++tags_ % 30000); }
  std::size_t bytes();
  // A communicator with at least `least` members; intercommunicators only if asked for.
  Comm& comm(int least, bool allow_inter);
  bool mine(const Comm& c) const { return c.contains(rank); }
  // All may have memory in common. A restart puts ranks that do on one node again.
  bool on_one_node(const std::vector<int>& members) const;

  const Options options;
  const std::uint64_t seed;
  const int rank, size;
  const std::vector<int> nodes;  // of each rank: the lowest one on its node
  Rng plan, local;
  Ledger ledger;
  std::vector<std::shared_ptr<Comm>> comms;
  std::vector<std::shared_ptr<Type>> types;
  std::vector<std::shared_ptr<Stream>> streams;
  std::vector<std::shared_ptr<Channel>> channels;
  std::vector<std::shared_ptr<Collective>> collectives;
  std::vector<std::shared_ptr<Window>> windows;
  std::vector<std::shared_ptr<OpenFile>> files;
  std::vector<std::shared_ptr<Persistent>> persistents;
  std::vector<std::shared_ptr<OwnRequest>> own_requests;
  int comm_ids = 0;

 private:
  std::uint64_t keys_ = 0;
  std::uint64_t tags_ = 0;
};

// Memory of one end of one message, contiguous in `base` elements or scattered as `type` says.
class Buffer {
 public:
  Buffer(std::shared_ptr<const Type> type, int count);  // type null: `count` bytes
  void* data() { return memory_.data(); }
  int count() const { return count_; }
  MPI_Datatype type() const { return type_ ? type_->handle : MPI_BYTE; }
  std::size_t bytes() const { return static_cast<std::size_t>(count_) * (type_ ? type_->size : 1); }
  void fill(std::uint64_t key);
  // The first n bytes of the type map, in order. Fails if a byte outside the type map has been touched.
  std::vector<unsigned char> gather(std::size_t n) const;

 private:
  std::shared_ptr<const Type> type_;
  int count_;
  std::vector<unsigned char> memory_;
};

// Computes for about `seconds` (not sleeping, not calling MPI).
void compute(double seconds);

// One kind of step.
struct Kind {
  const char* name;
  int weight;
  void (*run)(State&);
};
const std::vector<Kind>& kinds();
// This program has steps of this kind.
bool is_chosen(const State& s, const char* kind);

// The kinds, by file.
void step_timeline(State&);      // timeline.cpp
void step_ring(State&);          // p2p.cpp
void step_wildcard(State&);      // wildcard.cpp
void step_truncate(State&);      // p2p.cpp
void step_cancel(State&);        // p2p.cpp
void step_request_free(State&);  // p2p.cpp
void step_stream_open(State&);   // stream.cpp
void step_stream_read(State&);
void step_channel(State&);      // channel.cpp
void step_collective(State&);   // collective.cpp
void step_icollective(State&);  // started now, finished steps later
void step_icollective_finish(State&);
void step_neighbour(State&);      // neighbour.cpp
void step_comm_create(State&);    // comms.cpp
void step_comm_free(State&);      // comms.cpp
void step_intercomm(State&);      // intercomm.cpp
void step_attribute(State&);      // attribute.cpp
void step_types(State&);          // types.cpp
void step_pause(State&);          // state.cpp
void step_threads(State&);        // threads.cpp
void step_window_create(State&);  // window.cpp
void step_window(State&);
void step_window_free(State&);
void step_file_open(State&);  // file.cpp
void step_file(State&);
void step_file_close(State&);
void step_persistent(State&);   // persistent.cpp
void step_own_request(State&);  // own_request.cpp

// Ends what is still open, in the same order on every rank.
void finish_streams(State&);
void finish_channels(State&);
void post_streams(State&, const Comm&);  // before it is freed
void finish_collectives(State&);
void finish_windows(State&);
void finish_files(State&);
void finish_persistents(State&);
void finish_own_requests(State&);
void free_comms(State&);
void free_types(State&);
// Must run before a communicator with an attribute is freed; checks the value.
void check_attribute(State&, Comm&);
void free_comm(State&, std::size_t index);
// The attribute as a duplicate gets it by its copy callback.
void copied_attribute(State&, const Comm& from, Comm& to);
// Open MPI 4.1 copies attributes in MPI_Comm_create_group, which the standard reserves to the duplicating calls.
void drop_attribute(Comm&);
// Deletions seen equal deletions due.
void check_attribute_deletions();

}  // namespace cairn::random_program
