// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/letters.hpp"

#include <algorithm>
#include <deque>
#include <list>
#include <map>
#include <tuple>

#include "core/abi/crossing.h"
#include "mpi/p2p/queue.hpp"
#include "mpi/shim/real.hpp"

namespace cairn::crcp {

namespace {

using Words = std::vector<std::uint64_t>;

constexpr std::size_t kHeader = 2;  // words: key, part

// On its way, in either direction.
struct Travelling {
  Words words;
  std::int32_t from = -1;
  shim::RealRequest* request = nullptr;
};

struct Letters {
  shim::RealComm* channel = nullptr;
  std::uint32_t generation = 0;  // of the channel
  std::list<Travelling> out, in;
  std::map<std::tuple<std::int32_t, std::uint64_t, std::uint64_t>, std::deque<Words>> here;
};
Letters& all() noexcept {
  static Letters* const the_letters =
      new Letters;  // never destroyed: threads may stand at doors while the process exits
  return *the_letters;
}

bool is_done(Travelling& letter) noexcept {
  int done = 0;
  const std::uint64_t guest = cairn_enter();
  shim::real.Test(&letter.request, &done, MPI_STATUS_IGNORE);
  cairn_leave(guest);
  return done != 0;
}

// Begins to receive what has arrived.
void take_in() {
  Letters& l = all();
  for (;;) {
    int flag = 0;
    MPI_Status status;
    std::uint64_t guest = cairn_enter();
    const int rc = shim::real.Iprobe(MPI_ANY_SOURCE, kLetterTag, l.channel, &flag, &status);
    cairn_leave(guest);
    if (rc != MPI_SUCCESS || flag == 0) return;
    Travelling& letter = l.in.emplace_back();
    letter.words.resize(status._ucount / sizeof(std::uint64_t));
    letter.from = status.MPI_SOURCE;
    shim::RealDatatype* const type = shim::to_real(MPI_UINT64_T);
    std::uint64_t* const to = letter.words.data();
    const int count = static_cast<int>(letter.words.size());
    guest = cairn_enter();
    shim::real.Irecv(to, count, type, letter.from, kLetterTag, l.channel, &letter.request);
    cairn_leave(guest);
  }
}

void progress() {
  Letters& l = all();
  if (l.channel == nullptr) return;
  std::erase_if(l.out, is_done);
  take_in();
  // In their order: a sender's second letter may be here before its first one.
  for (auto letter = l.in.begin(); letter != l.in.end();) {
    const auto earlier =
        std::find_if(l.in.begin(), letter, [&](const Travelling& other) { return other.from == letter->from; });
    if (earlier != letter || !is_done(*letter)) {
      ++letter;
      continue;
    }
    Words& words = letter->words;
    Words content(words.begin() + kHeader, words.end());
    l.here[{letter->from, words[0], words[1]}].push_back(std::move(content));
    letter = l.in.erase(letter);
  }
}

}  // namespace

int letters_open() noexcept { return p2p::make_private_copy(*MPI_COMM_WORLD, all().channel); }

int letters_open_again() noexcept {
  Letters& l = all();
  if (l.channel == nullptr) return MPI_SUCCESS;
  ++l.generation;
  l.out.clear();
  l.in.clear();
  l.here.clear();
  return letters_open();
}

void letters_close() noexcept {
  Letters& l = all();
  if (l.channel == nullptr) return;
  const std::uint64_t guest = cairn_enter();
  shim::real.Comm_free(&l.channel);
  cairn_leave(guest);
  l.channel = nullptr;
}

std::uint32_t letters_generation() noexcept { return all().generation; }

shim::RealComm* letters_channel() noexcept { return all().channel; }

void letter_send(std::int32_t to, std::uint64_t key, std::uint64_t part, std::span<const std::uint64_t> words) {
  Letters& l = all();
  Travelling& letter = l.out.emplace_back();
  letter.words = {key, part};
  letter.words.insert(letter.words.end(), words.begin(), words.end());
  shim::RealDatatype* const type = shim::to_real(MPI_UINT64_T);
  const std::uint64_t* const from = letter.words.data();
  const int count = static_cast<int>(letter.words.size());
  const std::uint64_t guest = cairn_enter();
  shim::real.Isend(from, count, type, to, kLetterTag, l.channel, &letter.request);
  cairn_leave(guest);
}

bool letter_take(std::int32_t from, std::uint64_t key, std::uint64_t part, std::vector<std::uint64_t>* words) {
  progress();
  auto& here = all().here;
  const auto found = here.find({from, key, part});
  if (found == here.end()) return false;
  if (words != nullptr) *words = std::move(found->second.front());
  found->second.pop_front();
  if (found->second.empty()) here.erase(found);
  return true;
}

bool all_have_come(std::uint64_t key, const std::vector<std::int32_t>& members, Rounds& rounds) {
  const auto size = static_cast<std::int64_t>(members.size());
  const std::int64_t me = std::find(members.begin(), members.end(), MPI_COMM_WORLD->crcp->rank) - members.begin();
  if (all().channel == nullptr || me == size) return true;
  const auto at = [&](std::int64_t offset) { return members[static_cast<std::size_t>((me + size + offset) % size)]; };
  for (; std::int64_t{1} << rounds.done < size; ++rounds.done, rounds.sent = false) {
    const std::int64_t distance = std::int64_t{1} << rounds.done;
    const auto part = static_cast<std::uint64_t>(rounds.done);
    if (!rounds.sent) letter_send(at(distance), key, part);
    rounds.sent = true;
    if (!letter_take(at(-distance), key, part)) return false;
  }
  return true;
}

}  // namespace cairn::crcp
