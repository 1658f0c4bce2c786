/**
 * Enumerators whose values `src/kernel/linux` takes for granted, since they never changed: a kernel that has one has it
 * with this value. What the kernel defines by macros (PF_KTHREAD, TASK_…, S_IFMT) no BTF tells.
 */
export const CONSTANTS: Readonly<Record<string, number>> = {
  // maple.ts: node types.
  maple_leaf_64: 1,
  maple_range_64: 2,
  maple_arange_64: 3,
  // printk.ts: states of descriptors.
  desc_committed: 1,
  desc_finalized: 2,
  // module.ts: states, and the memory that begins with the code.
  MODULE_STATE_LIVE: 0,
  MODULE_STATE_COMING: 1,
  MODULE_STATE_GOING: 2,
  MODULE_STATE_UNFORMED: 3,
  MOD_TEXT: 0,
  // socket.ts: states and types.
  TCP_ESTABLISHED: 1,
  TCP_TIME_WAIT: 6,
  TCP_LISTEN: 10,
  TCP_CLOSING: 11,
  TCP_NEW_SYN_RECV: 12,
  TCP_BOUND_INACTIVE: 13,
  SS_UNCONNECTED: 1,
  SS_CONNECTED: 3,
  SOCK_STREAM: 1,
  SOCK_SEQPACKET: 5,
  // netlink-socket.ts: the number of a bit.
  NETLINK_F_KERNEL_SOCKET: 0,
  // area.ts: numbers of bits in vm_flags, by these names since 6.19; what the vsyscall page is kept for.
  VMA_READ_BIT: 0,
  VMA_WRITE_BIT: 1,
  VMA_EXEC_BIT: 2,
  VMA_MAYSHARE_BIT: 7,
  EMULATE: 0,
  XONLY: 1,
};
