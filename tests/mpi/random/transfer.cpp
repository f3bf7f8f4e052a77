// SPDX-License-Identifier: Apache-2.0
#include "tests/mpi/random/transfer.hpp"

namespace cairn::random_program {

namespace {

// Both ends have the same number of elements of the same base type.
void draw_types(State& s, Message& m) {
  if (s.types.empty() || !s.plan.chance(35)) return;
  const auto type = s.plan.pick(s.types);
  if (type->size == 0) return;
  const std::size_t count = std::min<std::size_t>(m.bytes / type->size, 5000);
  m.bytes = count * type->size;
  auto plain = std::make_shared<Type>();
  plain->handle = plain->base = type->base;
  plain->base_size = plain->extent = plain->size = type->base_size;
  plain->blocks = {{0, type->base_size}};
  const int which = s.plan.below(3);
  m.send_type = which == 0 ? std::shared_ptr<const Type>(plain) : type;
  m.recv_type = which == 1 ? std::shared_ptr<const Type>(plain) : type;
}

Buffer buffer_for(const std::shared_ptr<const Type>& type, std::size_t bytes) {
  return Buffer(type, static_cast<int>(bytes / (type ? type->size : 1)));
}

void receive_by_probe(const Message& m, Buffer& into) {
  MPI_Status status;
  int flag = 0;
  if (m.recv_how == RecvHow::kProbe) {
    must(MPI_Probe(m.source(), m.tag, m.comm->handle, &status));
  } else {
    while (!flag) must(MPI_Iprobe(m.source(), m.tag, m.comm->handle, &flag, &status));
  }
  check_status(status, m.source(), m.tag, m.bytes);
  must(MPI_Recv(into.data(), into.count(), into.type(), m.source(), m.tag, m.comm->handle, &status));
  check_status(status, m.source(), m.tag, m.bytes);
}

void receive_by_mprobe(const Message& m, Buffer& into, MPI_Request* request) {
  MPI_Status status;
  MPI_Message handle = MPI_MESSAGE_NULL;
  int flag = 0;
  if (m.recv_how == RecvHow::kMprobe) {
    must(MPI_Mprobe(m.source(), m.tag, m.comm->handle, &handle, &status));
  } else {
    while (!flag) must(MPI_Improbe(m.source(), m.tag, m.comm->handle, &flag, &handle, &status));
  }
  check_status(status, m.source(), m.tag, m.bytes);
  if (m.recv_how == RecvHow::kImrecv) {
    must(MPI_Imrecv(into.data(), into.count(), into.type(), &handle, request));
  } else {
    must(MPI_Mrecv(into.data(), into.count(), into.type(), &handle, &status));
    check_status(status, m.source(), m.tag, m.bytes);
  }
  require(handle == MPI_MESSAGE_NULL, "the message handle was not reset");
}

}  // namespace

RecvHow draw_receive(Rng& rng, const Options& options) {
  return static_cast<RecvHow>(rng.below(options.no_mprobe ? 4 : 7));
}

Message draw_message(State& s) {
  Message m;
  m.comm = &s.comm(1, true);
  m.key = s.key();
  m.tag = s.tag();
  m.ready_tag = s.tag();
  m.bytes = s.bytes();
  const bool swap = s.plan.chance(50);
  const auto& senders = m.comm->inter() && swap ? m.comm->remote : m.comm->members;
  const auto& receivers = !m.comm->inter() || swap ? m.comm->members : m.comm->remote;
  m.from = s.plan.pick(senders);
  m.to = s.plan.pick(receivers);
  m.send_how = static_cast<SendHow>(s.plan.below(8));
  m.recv_how = draw_receive(s.plan, s.options);
  if (is_buffered(m.send_how)) m.bytes = std::min<std::size_t>(m.bytes, 200000);
  if (is_ready(m.send_how)) m.recv_how = RecvHow::kIrecv;  // the receive must be posted
  if (m.from == m.to) {                                    // one thread cannot wait for itself
    m.send_how = s.plan.chance(50) ? SendHow::kIsend : SendHow::kIssend;
    m.recv_how = RecvHow::kIrecv;
  }
  draw_types(s, m);
  return m;
}

void check_status(const MPI_Status& status, int source, int tag, std::size_t bytes) {
  int count = -1;
  must(MPI_Get_count(&status, MPI_BYTE, &count));
  const bool right = status.MPI_SOURCE == source && status.MPI_TAG == tag && count == static_cast<int>(bytes);
  if (right) return;
  fail("status says source " + std::to_string(status.MPI_SOURCE) + " tag " + std::to_string(status.MPI_TAG) +
       " bytes " + std::to_string(count) + ", the plan " + std::to_string(source) + " " + std::to_string(tag) + " " +
       std::to_string(bytes));
}

void End::verify(State& s, const MPI_Status& status) {
  require(!verified, "a request completed twice");
  verified = true;
  if (!receiving) return;
  check_status(status, message.source(), message.tag, message.bytes);
  const auto got = buffer.gather(message.bytes);
  s.ledger.received(message.key, got.data(), got.size());
}

std::unique_ptr<End> start_send(State& s, const Message& m) {
  auto end = std::make_unique<End>(End{m, buffer_for(m.send_type, m.bytes)});
  Buffer& b = end->buffer;
  b.fill(m.key);
  const int to = m.destination();
  MPI_Comm c = m.comm->handle;
  if (is_ready(m.send_how)) must(MPI_Recv(nullptr, 0, MPI_BYTE, to, m.ready_tag, c, MPI_STATUS_IGNORE));
  switch (m.send_how) {
    case SendHow::kSend:
      must(MPI_Send(b.data(), b.count(), b.type(), to, m.tag, c));
      break;
    case SendHow::kSsend:
      must(MPI_Ssend(b.data(), b.count(), b.type(), to, m.tag, c));
      break;
    case SendHow::kBsend:
      must(MPI_Bsend(b.data(), b.count(), b.type(), to, m.tag, c));
      break;
    case SendHow::kRsend:
      must(MPI_Rsend(b.data(), b.count(), b.type(), to, m.tag, c));
      break;
    case SendHow::kIsend:
      must(MPI_Isend(b.data(), b.count(), b.type(), to, m.tag, c, &end->request));
      break;
    case SendHow::kIssend:
      must(MPI_Issend(b.data(), b.count(), b.type(), to, m.tag, c, &end->request));
      break;
    case SendHow::kIbsend:
      must(MPI_Ibsend(b.data(), b.count(), b.type(), to, m.tag, c, &end->request));
      break;
    case SendHow::kIrsend:
      must(MPI_Irsend(b.data(), b.count(), b.type(), to, m.tag, c, &end->request));
      break;
  }
  return end;
}

std::unique_ptr<End> start_receive(State& s, const Message& m) {
  auto end = std::make_unique<End>(End{m, buffer_for(m.recv_type, m.bytes)});
  end->receiving = true;
  Buffer& b = end->buffer;
  const int from = m.source();
  MPI_Comm c = m.comm->handle;
  MPI_Status status{};
  switch (m.recv_how) {
    case RecvHow::kRecv:
      must(MPI_Recv(b.data(), b.count(), b.type(), from, m.tag, c, &status));
      break;
    case RecvHow::kIrecv:
      must(MPI_Irecv(b.data(), b.count(), b.type(), from, m.tag, c, &end->request));
      break;
    case RecvHow::kProbe:
    case RecvHow::kIprobe:
      receive_by_probe(m, b);
      break;
    default:
      receive_by_mprobe(m, b, &end->request);
  }
  if (is_ready(m.send_how)) must(MPI_Send(nullptr, 0, MPI_BYTE, from, m.ready_tag, c));
  if (m.recv_how == RecvHow::kRecv) {
    end->verify(s, status);
  } else if (!returns_at_once(m.recv_how)) {  // the probing ways have checked their status
    end->verified = true;
    const auto got = b.gather(m.bytes);
    s.ledger.received(m.key, got.data(), got.size());
  }
  return end;
}

BsendSpace::BsendSpace(std::size_t bytes) : space_(bytes) {
  if (!space_.empty()) must(MPI_Buffer_attach(space_.data(), static_cast<int>(space_.size())));
}

BsendSpace::~BsendSpace() {
  void* was = nullptr;
  int size = 0;
  if (space_.empty()) return;
  must(MPI_Buffer_detach(&was, &size));
  require(was == space_.data() && size == static_cast<int>(space_.size()), "MPI_Buffer_detach gave another buffer");
}

}  // namespace cairn::random_program
