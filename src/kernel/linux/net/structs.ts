// Structs of sockets, of the tables that they are in, and of network namespaces.
// Linux: include/net/sock.h, include/net/net_namespace.h, include/net/inet_hashtables.h, net/unix/, net/netlink/, net/packet/.
import {
  bytes,
  inside,
  int,
  links,
  opt,
  place,
  pointer,
  ptr,
  ref,
  text,
  uint,
} from '../../../types/fields.ts';

/**
 * Network namespaces and sockets: include/net/net_namespace.h, include/net/sock.h, and the header of each
 * protocol. Structs of protocols that are modules of their own are not in every kernel's description.
 */
export const netStructs = {
  net: {
    list: place,
    ns: inside('ns_common'),
    user_ns: ref('user_namespace'),
    dev_base_head: links('net_device', 'dev_list'),
    ipv4: inside('netns_ipv4'),
    // How many sockets of each protocol the namespace has, with CONFIG_PROC_FS only.
    core: opt(inside('netns_core')),
    // With CONFIG_PACKET only.
    packet: opt(inside('netns_packet')),
    // With CONFIG_UNIX only.
    unx: opt(inside('netns_unix')),
    // The folder that /proc/net leads to, with CONFIG_PROC_FS only.
    proc_net: opt(ptr('proc_dir_entry')),
    // With CONFIG_NETFILTER only.
    nf: opt(inside('netns_nf')),
  },
  netns_core: {
    prot_inuse: opt(pointer),
    // Until Linux kernel commit 4199bae10c49 ("net: merge net->core.prot_inuse and net->core.sock_inuse") (in
    // v5.17), an int of each CPU; since, `all` beside the protocols' counters.
    sock_inuse: opt(pointer, 'prot_inuse.all'),
  },
  /** `val` is an array of int, one for each protocol's `inuse_idx`: each CPU has one, and what counts is their sum. */
  prot_inuse: { val: place, all: opt(place, 'netns_core.sock_inuse') },
  proto: { name: text, inuse_idx: opt(uint), node: place },
  net_device: { name: text, ifindex: int, dev_list: place },
  netns_ipv4: {
    // From Linux kernel commit fbb8295248e1 ("tcp: allocate tcp_death_row outside of struct netns_ipv4")
    // (in v5.18) to e9bd0cca09d1 ("tcp: Don't allocate tcp_death_row outside of struct netns_ipv4.") (in
    // v6.1) a pointer, else the struct itself: its width tells.
    tcp_death_row: place,
    // Since Linux kernel commit 9804985bf27f ("udp: Introduce optional per-netns hash table.") (in v6.2).
    udp_table: opt(pointer),
  },
  inet_timewait_death_row: {
    hashinfo: pointer,
    // How many connections are in TIME-WAIT. Since the first of the commits named above it begins at 1, and has
    // another name.
    tw_refcount: opt(uint, 'tw_count'),
    tw_count: opt(uint, 'tw_refcount'),
  },
  netns_packet: { sklist: place },
  // Since Linux kernel commit b6e811383062 ("af_unix: Define a per-netns hash table.") (in v6.0). Before, one
  // table for all is in `unix_socket_table`.
  netns_unix: { table: opt(inside('unix_table')) },
  unix_table: { buckets: pointer },

  /** The part that all sockets have, the small stand-ins of TCP too. */
  sock_common: {
    skc_daddr: uint,
    skc_rcv_saddr: uint,
    /** Big-endian. */
    skc_dport: uint,
    skc_num: uint,
    skc_family: uint,
    skc_state: uint,
    skc_bound_dev_if: int,
    // 0 of sockets that the kernel made for itself; without CONFIG_NET_NS there is no use for it.
    skc_net_refcnt: opt(uint),
    // The wrapper is empty without CONFIG_NET_NS: its width tells.
    skc_net: pointer,
    skc_node: place,
    // With CONFIG_IPV6 only.
    skc_v6_daddr: opt(bytes),
    skc_v6_rcv_saddr: opt(bytes),
    skc_listener: ptr('sock'),
  },
  sock: {
    __sk_common: inside('sock_common'),
    sk_type: uint,
    sk_protocol: uint,
    sk_uid: uint,
    sk_socket: pointer,
    // Who made the other end of a Unix socket, or began to listen.
    sk_peer_pid: ptr('pid'),
    // Messages that nobody has read yet.
    sk_receive_queue: opt(place),
  },
  /** A message; `sk` is who sent it, or who is to have it. */
  sk_buff: { next: pointer, sk: pointer },
  /** A connection that has ended but may still see late packets. */
  inet_timewait_sock: { tw_substate: uint },
  socket: { state: uint, sk: pointer },
  socket_alloc: { socket: place, vfs_inode: inside('inode') },

  inet_hashinfo: {
    ehash: pointer,
    ehash_mask: uint,
    // Until Linux kernel commit cae3873c5b3a ("net: inet: Retire port only listening_hash") (in v5.19, and in
    // stable releases of older kernels).
    listening_hash: opt(place, 'lhash2'),
    lhash2: opt(pointer, 'listening_hash'),
    lhash2_mask: opt(uint),
  },
  inet_ehash_bucket: { chain: place },
  inet_listen_hashbucket: {
    // Since Linux kernel commit 8dbd76e79a16 ("tcp/dccp: fix possible race __inet_lookup_established()") (in
    // v5.5) the chain may end in a number, and its head is in `nulls_head`.
    nulls_head: opt(place, 'head'),
    head: opt(place, 'nulls_head'),
  },
  udp_table: { hash: pointer, mask: uint },
  udp_hslot: { head: place, count: opt(place) },
  raw_hashinfo: { ht: place },
  ping_table: { hash: place },

  unix_sock: { addr: ptr('unix_address'), peer: ptr('unix_sock') },
  /** `name` is a sockaddr_un of `len` bytes. */
  unix_address: { len: int, name: place },
  /** Without `bound`, a socket is in the table if it has a `portid`. */
  netlink_sock: { portid: uint, dst_portid: uint, flags: uint, bound: opt(uint), node: place },
  netlink_table: { hash: inside('rhashtable') },
  rhashtable: { tbl: ptr('bucket_table'), nelems: uint },
  bucket_table: { size: uint, nest: uint, future_tbl: ptr('bucket_table'), buckets: place },
  // Since Linux kernel commit 8f0db018006a ("rhashtable: use bit_spin_locks to protect hash bucket.") (in
  // v5.2) the lowest bit of a bucket is a lock, and this type is what a bucket points to.
  rhash_lock_head: {},
  packet_sock: {
    /** Ethertype, big-endian. */
    num: uint,
    ifindex: int,
  },
  sctp_sock: { type: uint, ep: ptr('sctp_endpoint') },
  sctp_endpoint: { asocs: place },
  /** `peer` is a struct without a name, whose first member is a list of `sctp_transport`. */
  sctp_association: { asocs: place, peer: place, state: uint },
  sctp_transport: { transports: place, ipaddr: bytes },
} as const;
