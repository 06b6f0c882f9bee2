// Runs inside a container of the machine image, in a network of its own: how many connections and bytes a second go from pod
// to pod, on one machine and from one to another by each way that there is, and through a Service in each mode of
// kube-proxy. Machines and pods are networks here, led and bridged as on machines, by the same code. All ways take turns.
// Prints one JSON line for each way and round.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { systemClock } from '../../server/base/clock.ts'
import { PROXY_MODES, type ProxyModeName } from '../../server/kube/kube-proxy/configuration.ts'
import { startMode } from '../../server/kube/kube-proxy/modes.ts'
import { portsOf } from '../../server/kube/kube-proxy/service-ports.ts'
import { type PodPathName, podPaths, runAll } from '../../server/kube/network/pod-paths.ts'
import { createLinuxNodeOs } from '../../server/kube/node-os/linux-node-os.ts'
import { answer, type Measured, measure, podAt, SERVED_PORT, TALK_PORT, type Target } from './load.ts'

const ROUNDS = 5
const MEASURED_MS = 1_000
const MACHINES = [
  { name: 'm1', via: '10.160.0.11', podCidr: '10.244.0.0/24', pods: ['client', 'near'] },
  { name: 'm2', via: '10.160.0.12', podCidr: '10.244.1.0/24', pods: ['far'] },
]
const NEAR = podAt('10.244.0.3')
const FAR = podAt('10.244.1.2')
const SERVICE: Target = { host: '10.96.0.50', callPort: 80, talkPort: 81 }
/** Ours is a kernel without it. */
const MODES = PROXY_MODES.filter((mode) => mode !== 'ipvs')

const os = createLinuxNodeOs()
const program = [process.execPath, ...process.execArgv, import.meta.filename]
const [, , role = ''] = process.argv
process.once('disconnect', () => process.exit(0))
if (role === 'm1')
  process.on('message', (mode: ProxyModeName | 'none') => takeMode(mode).then(() => process.send?.('ready')))
else if (role === 'client')
  process.on('message', (target: Target) => measure(target, MEASURED_MS).then((told) => process.send?.(told)))
else if (role === '') await measureAll()
else await answer()
if (role !== '') process.send?.('ready')

/** kube-proxy of the client's machine, and in its network. */
let close: (() => Promise<void>) | undefined
async function takeMode(mode: ProxyModeName | 'none'): Promise<void> {
  await close?.()
  close = undefined
  if (mode === 'none') return
  const ground = {
    family: 'IPv4',
    clusterCidr: '10.244.0.0/16',
    serviceCidr: '10.96.0.0/12',
    nodeIP: '10.160.0.11',
  } as const
  const running = await startMode(mode, ground, { os, clock: systemClock, random: Math.random })
  const ports = [
    { name: 'call', port: SERVICE.callPort, protocol: 'TCP' },
    { name: 'talk', port: SERVICE.talkPort, protocol: 'TCP' },
  ]
  const service = { metadata: { namespace: 'default', name: 'far' }, spec: { clusterIP: SERVICE.host, ports } }
  const slice = {
    addressType: 'IPv4',
    endpoints: [{ addresses: [FAR.host], conditions: { ready: true } }],
    ports: [
      { name: 'call', port: SERVED_PORT },
      { name: 'talk', port: TALK_PORT },
    ],
  }
  await running.sync(portsOf(service, [slice], { nodeName: 'm1', zone: '', family: 'IPv4' }))
  close = async () => running.close?.()
}

async function measureAll(): Promise<void> {
  // Settings of the networks made here.
  await runAll(os, ['-mount -o remount,rw /proc/sys'])
  await runAll(
    os,
    MACHINES.flatMap(({ name }) => [`ip netns add ${name}`]),
  )
  await runAll(os, ['ip link add eth0 netns m1 type veth peer name eth0 netns m2'])
  const beings = new Map<string, ChildProcess>()
  const start = async (name: string) => {
    const being = spawn('nsenter', [`--net=/run/netns/${name}`, ...program, name], { stdio: ['ignore', 2, 2, 'ipc'] })
    beings.set(name, being)
    await once(being, 'message')
  }
  for (const { name, via, podCidr, pods } of MACHINES) {
    const prefix = podCidr.replace('0/24', '')
    const inside = (command: string) => `ip -n ${name} ${command}`
    await runAll(os, [
      `nsenter --net=/run/netns/${name} sysctl -qw net.ipv4.ip_forward=1`,
      ...['link set lo up', `address add ${via}/24 dev eth0`, 'link set eth0 up'].map(inside),
      ...['link add cni0 type bridge', `address add ${prefix}1/24 dev cni0`, 'link set cni0 up'].map(inside),
    ])
    for (const [nth, pod] of pods.entries()) {
      await runAll(os, [
        `ip netns add ${pod}`,
        inside(`link add ${pod} type veth peer name eth0 netns ${pod}`),
        inside(`link set ${pod} master cni0 up`),
        ...[`address add ${prefix}${nth + 2}/24 dev eth0`, 'link set eth0 up', `route add default via ${prefix}1`].map(
          (command) => `ip -n ${pod} ${command}`,
        ),
      ])
      await start(pod)
    }
  }
  await start('m1')
  const lead = async (path: PodPathName) => {
    for (const own of MACHINES) {
      const others = MACHINES.filter(({ name }) => name !== own.name)
      const commands = [
        ...podPaths[path].prepare({ podCidrs: [own.podCidr], via: own.via }),
        ...others.flatMap((other) => podPaths[path].add(other)),
      ]
      const there = (command: string) =>
        command.replace(/^(-?)/, (_, mayFail) => `${mayFail}nsenter --net=/run/netns/${own.name} `)
      await runAll(os, commands.map(there))
    }
  }
  const ask = async (name: string, question: object | string) => {
    const being = beings.get(name)!
    being.send(question)
    return (await once(being, 'message'))[0] as unknown
  }
  const ways = [
    { way: 'one machine', path: 'routes', mode: 'none', target: NEAR },
    { way: 'routes', path: 'routes', mode: 'none', target: FAR },
    // Not through a Service, but where there are some: the kernel keeps track of every connection.
    { way: 'routes, tracked', path: 'routes', mode: 'iptables', target: FAR },
    { way: 'vxlan', path: 'vxlan', mode: 'none', target: FAR },
    ...MODES.map((mode) => ({ way: `Service, ${mode}`, path: 'routes', mode, target: SERVICE }) as const),
  ] as const
  for (const { way, path, mode, target } of Array.from({ length: ROUNDS }, () => ways).flat()) {
    await lead(path)
    await ask('m1', mode)
    const told = (await ask('client', target)) as Measured
    process.stdout.write(`${JSON.stringify({ way, ...told })}\n`)
  }
  for (const being of beings.values()) being.disconnect()
}
