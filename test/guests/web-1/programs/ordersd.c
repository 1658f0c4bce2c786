/*
 * What stands for web-1's database: it listens on a Unix socket and on the loopback address, keeps one table in
 * memory and the connections it is given. With an argument it is a client that connects and waits.
 */
#include "calls.h"

static char orders[] = "order 1203: 42.00\norder 1204: 17.50\n";

static void serve(const unsigned char *loopback) {
  static const char path[110] = "\1\0/run/orders/ordersd.sock";
  long local = call(SOCKET, 1, 1, 0, 0, 0), tcp = call(SOCKET, 2, 1, 0, 0, 0);
  call(BIND, local, (long)path, 27, 0, 0);
  call(LISTEN, local, 8, 0, 0, 0);
  call(BIND, tcp, (long)loopback, 16, 0, 0);
  call(LISTEN, tcp, 8, 0, 0, 0);
  for (;;) {
    long client = call(ACCEPT, tcp, 0, 0, 0, 0);
    if (client >= 0) call(WRITE, client, (long)orders, sizeof orders - 1, 0, 0);
  }
}

void begin(long *stack) {
  static const unsigned char loopback[16] = {2, 0, 5433 >> 8, 5433 & 255, 127, 0, 0, 1};
  long fd;
  if (stack[0] == 1) serve(loopback);
  fd = call(SOCKET, 2, 1, 0, 0, 0);
  if (call(CONNECT, fd, (long)loopback, 16, 0, 0) < 0) call(EXIT, 1, 0, 0, 0, 0);
  call(READ, fd, (long)orders, sizeof orders - 1, 0, 0);
  for (;;) call(PAUSE, 0, 0, 0, 0, 0);
}
