"""One process with two thousand threads: names of their own, and a few nice values of their own."""
import os
import threading

from stage import held_part, set_comm, syscall

COUNT = 2000


def threads(held):
    started = threading.Semaphore(0)

    def live(number):
        set_comm(f'pool-{number % 16}/{number}'.encode())
        if number % 500 == 499:
            os.setpriority(os.PRIO_PROCESS, syscall('gettid'), number // 500 + 1)
        started.release()
        threading.Event().wait()

    # Thousands of eight-megabyte stacks would not fit into 32 bits of addresses.
    threading.stack_size(256 << 10)
    for number in range(COUNT):
        threading.Thread(target=live, args=(number,), daemon=True).start()
    for _ in range(COUNT):
        started.acquire()


def play():
    held_part('many-threads', threads)
