#include "plugin/veth_node/board.hpp"

#include "plugin/posix/system_error.hpp"

#include <sys/eventfd.h>

namespace veth_node {

Board::Board() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_) posix::throw_errno("create an eventfd");
}

void Board::wait(std::chrono::milliseconds timeout) {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, timeout, [&] { return generation_ != waited_for_; });
  waited_for_ = generation_;
}

void Board::take_event() const {
  eventfd_t ignored = 0;
  ::eventfd_read(event_.get(), &ignored);
}

void Board::wake() {
  changed_.notify_all();
  ::eventfd_write(event_.get(), 1);
}

}  // namespace veth_node
