// IPv6 on a machine, beside IPv4: an address of its own on the network of the machines, and packets led on.

import type { NodeOs } from '../node-os/node-os.ts'
import { runAll } from './pod-paths.ts'

export async function openSecondFamily(
  os: NodeOs,
  { nodeIP, serviceCidr, relayed }: { nodeIP: string; serviceCidr: string; relayed?: string | undefined },
): Promise<void> {
  await runAll(os, [
    'sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.all.forwarding=1',
    // Bridged packets meet the rules too, as those of IPv4 do.
    'sysctl -qw net.bridge.bridge-nf-call-ip6tables=1',
    // Addresses are given out by one hand: nobody need be asked whether they are free. Only so does the kernel say at once
    // that one is here now, which whoever called another machine under it has to hear.
    'sysctl -qw net.ipv6.conf.eth0.accept_dad=0 net.ipv6.conf.eth0.ndisc_notify=1',
    `ip address replace ${nodeIP}/96 dev eth0`,
    // There is no way out to the world. Calls of Services need one to meet the rules, which then lead elsewhere or refuse.
    `ip route replace ${serviceCidr} dev eth0`,
    // Each machine's own: what is sent there does not leave it.
    ...(relayed ? [`ip address replace ${relayed}/128 dev lo preferred_lft 0`] : []),
  ])
}
