// Two ways of a packet from one machine to the pods of another, the same for all machines of a cluster.
//
//   routes   the other machine is the gateway to its pods: host-gw, as flannel calls it
//   vxlan    packets are put into UDP from machine to machine, so that the network between knows nothing of pods
//
// In the overlay each machine has an end, `vxlan.1`, with the first address of each of its pods' ranges and a hardware
// address made from the machine's own: nobody has to be asked. Packets of IPv6 are wrapped in IPv4 as well.
// Upstream: flannel's backends host-gw and vxlan.

import type { NodeOs } from '../node-os/node-os.ts'
import type { CommandResult } from '../node-os/run-program.ts'

export const POD_PATHS = ['routes', 'vxlan'] as const
export type PodPathName = (typeof POD_PATHS)[number]

/** Pods of a machine, and its address: in the overlay that of IPv4, otherwise one of the pods' family. */
export interface Route {
  podCidr: string
  via: string
}

/** Commands of `ip` and `bridge`; every one may be repeated. */
export interface PodPath {
  isOverlay: boolean
  prepare(own: { podCidrs: readonly string[]; via: string }): string[]
  add(route: Route): string[]
  remove(route: Route): string[]
}

const LINK = 'vxlan.1'
/** Linux' own choice, older than the one that was assigned, and flannel's. */
const PORT = 8472
/** What wraps a packet takes 50 bytes of 1500. */
export const OVERLAY_MTU = 1450

export const podPaths: Readonly<Record<PodPathName, PodPath>> = {
  routes: {
    isOverlay: false,
    prepare: () => [`-ip link delete ${LINK}`],
    add: ({ podCidr, via }) => [`ip route replace ${podCidr} via ${via}`],
    remove: ({ podCidr }) => [`-ip route delete ${podCidr}`],
  },
  vxlan: {
    isOverlay: true,
    prepare: ({ podCidrs, via }) => [
      `-ip link add ${LINK} address ${hardwareAddress(via)} type vxlan id 1 local ${via} dev eth0 dstport ${PORT} nolearning`,
      ...podCidrs.map((range) => `ip address replace ${endOf(range)}/${whole(range)} dev ${LINK}`),
      `ip link set ${LINK} mtu ${OVERLAY_MTU} up`,
    ],
    add: ({ podCidr, via }) => [
      `bridge fdb replace ${hardwareAddress(via)} dev ${LINK} dst ${via}`,
      `ip neighbour replace ${endOf(podCidr)} lladdr ${hardwareAddress(via)} dev ${LINK} nud permanent`,
      // The kernel takes no next hop of IPv6 to which an older route leads by another link.
      ...(podCidr.includes(':') ? [`-ip route delete ${podCidr} dev eth0`] : []),
      `ip route replace ${podCidr} via ${endOf(podCidr)} dev ${LINK} onlink`,
    ],
    remove: ({ podCidr, via }) => [
      `-ip route delete ${podCidr}`,
      `-ip neighbour delete ${endOf(podCidr)} dev ${LINK}`,
      `-bridge fdb delete ${hardwareAddress(via)} dev ${LINK} dst ${via}`,
    ],
  },
}

const endOf = (podCidr: string) => podCidr.split('/')[0] ?? ''
/** The address alone; nobody need be asked whether it is free. */
const whole = (podCidr: string) => (podCidr.includes(':') ? '128 nodad' : '32')
const hardwareAddress = (via: string) =>
  ['0a', '58', ...via.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':')

/** A `-` before a command says that it may fail: what it makes is there already, or what it takes away is gone. */
export async function runAll(os: NodeOs, commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const [program = '', ...args] = command.replace(/^-/, '').split(' ')
    const { exitCode, stderr }: CommandResult = await os.run(program, args)
    if (exitCode !== 0 && !command.startsWith('-')) throw new Error(`${command}: ${stderr.trim()}`)
  }
}
