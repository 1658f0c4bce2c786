// Symbols of sockets and of the tables that they are found in: net/.
// What a kernel lacks of them is simply not in its profile.

export const netSymbols = [
  // Sockets: the tables that they are found in.
  'init_net',
  'net_namespace_list',
  'socket_file_ops',
  'tcp_hashinfo',
  'udp_table',
  'udplite_table',
  'raw_v4_hashinfo',
  'raw_v6_hashinfo',
  'ping_table',
  'unix_socket_table',
  'nl_table',
  // The list of protocols that it is on: by their numbers sockets are counted.
  'tcp_prot',
] as const;
