// What a cluster is called on another host that lends it a machine: not by its name, which a cluster of that host may have.

const PREFIX = 'joined-'

export const isElsewhere = (cluster: string): boolean => cluster.startsWith(PREFIX)

/** By any address of its network: no other has that one. */
export const nameElsewhere = (address: string): string => `${PREFIX}${address.split('.').slice(0, 3).join('-')}`

/** What takes the machine away again on its own host. */
export const removeCommand = (node: string, address: string): string =>
  `podium node remove ${node} --cluster ${nameElsewhere(address)}`
