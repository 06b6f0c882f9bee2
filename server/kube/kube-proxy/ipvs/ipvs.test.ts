import { describe, expect, it } from 'vitest'
import { createSimulatedNodeOs } from '../../node-os/simulated-node-os.ts'
import { startMode } from '../modes.ts'
import type { ServicePort } from '../service-ports.ts'
import { balanced, endpoint, ports as portsOf, service, slice, sliceOfUdp } from '../testing/sample-services.ts'
import { ipSetLines, ipSetsOf, SET_NAMES } from './ip-sets.ts'
import { IpvsMode } from './ipvs-mode.ts'
import { ipvsRules } from './rules.ts'
import { readConnections, readVirtualServers, restoreLines, virtualServersOf, withLeaving } from './virtual-servers.ts'

const NODE = '10.160.1.11'
const ground = { family: 'IPv4' as const, clusterCidr: '10.244.0.0/16', nodeIP: NODE }
const here = endpoint('10.244.0.2')
const there = endpoint('10.244.1.3', { node: 'n2' })
const linesOf = (...all: Parameters<typeof portsOf>) => restoreLines(virtualServersOf(portsOf(...all), NODE), new Map())

describe('virtual servers', () => {
  it.each([
    {
      name: 'one for the cluster’s address, with all endpoints',
      service: service(),
      lines: [
        '-A -t 10.96.0.50:80 -s rr',
        '-a -t 10.96.0.50:80 -r 10.244.0.2:8080 -m -w 1',
        '-a -t 10.96.0.50:80 -r 10.244.1.3:8080 -m -w 1',
      ],
    },
    {
      name: 'that remembers its clients with affinity',
      service: service({ sessionAffinity: 'ClientIP' }),
      lines: ['-A -t 10.96.0.50:80 -s rr -p 10800'],
    },
    {
      name: 'for UDP',
      service: service({ ports: [{ port: 53, protocol: 'UDP' }] }),
      lines: ['-A -u 10.96.0.50:53 -s rr'],
    },
    {
      name: 'one for each address from outside and the node port',
      service: balanced(),
      lines: ['10.96.0.50:80', '192.168.99.22:80', '1.2.3.4:80', `${NODE}:30080`].map((at) => `-A -t ${at} -s rr`),
    },
    {
      name: 'with endpoints of this node alone where traffic from outside stays here',
      service: balanced({ externalTrafficPolicy: 'Local' }),
      lines: [`-a -t ${NODE}:30080 -r 10.244.0.2:8080 -m -w 1`],
      not: `-a -t ${NODE}:30080 -r 10.244.1.3:8080 -m -w 1`,
    },
  ])('are $name', ({ service: told, lines, not = 'none' }) => {
    const written = linesOf(told, [slice(here, there)])
    expect(written).toEqual(expect.arrayContaining(lines))
    expect(written).not.toContain(not)
  })

  it('write addresses of IPv6 as they are written', () => {
    const six = portsOf(service({ clusterIPs: ['fd00::50'] }), [slice(endpoint('fd00:10::2'))], 'IPv6')
    expect(restoreLines(virtualServersOf(six, 'fd00::1'), new Map())).toEqual([
      '-A -t [fd00::50]:80 -s rr',
      '-a -t [fd00::50]:80 -r [fd00:10::2]:8080 -m -w 1',
    ])
  })

  it('change by what is different, and go by what the kernel has', () => {
    const saved = linesOf(service(), [slice(here)]).join('\n')
    const before = readVirtualServers(saved)
    expect(before).toEqual(virtualServersOf(portsOf(service(), [slice(here)]), NODE))
    const now = virtualServersOf(portsOf(service({ sessionAffinity: 'ClientIP' }), [slice(there)]), NODE)
    expect(restoreLines(now, before)).toEqual([
      '-E -t 10.96.0.50:80 -s rr -p 10800',
      '-a -t 10.96.0.50:80 -r 10.244.1.3:8080 -m -w 1',
      '-d -t 10.96.0.50:80 -r 10.244.0.2:8080',
    ])
    expect(restoreLines(new Map(), before)).toEqual(['-D -t 10.96.0.50:80'])
  })

  it.each([
    ['-t', service(), slice, '-e -t 10.96.0.50:80 -r 10.244.0.2:8080 -m -w 0'],
    ['-u', service({ ports: [{ port: 80, protocol: 'UDP' }] }), sliceOfUdp, '-d -u 10.96.0.50:80 -r 10.244.0.2:8080'],
  ])(
    'keep, without new calls, an endpoint that has connections over TCP, and none of UDP: %s',
    (_flag, told, sliceOf, line) => {
      const serversWith = (...endpoints: ReturnType<typeof endpoint>[]) =>
        virtualServersOf(portsOf(told, [sliceOf(...endpoints)]), NODE)
      const before = serversWith(here, there)
      const leaving = withLeaving(serversWith(there), before, () => true)
      expect(restoreLines(leaving, before)).toEqual([line])
      const [back] = restoreLines(serversWith(here, there), leaving)
      expect(back).toMatch(/^-[ae] -[tu] 10.96.0.50:80 -r 10.244.0.2:8080 -m -w 1$/)
    },
  )

  it('have as many connections as the kernel lists', () => {
    const listed = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.96.0.50:80 rr
  -> 10.244.0.2:8080              Masq    0      1          2
TCP  [fd00::50]:80 rr persistent 10800
  -> [fd00:10::2]:8080            Masq    1      0          0
`
    expect([...readConnections(listed)]).toEqual([
      ['-t 10.96.0.50:80 10.244.0.2:8080', 3],
      ['-t [fd00::50]:80 [fd00:10::2]:8080', 0],
    ])
  })
})

describe('sets', () => {
  const setsOf = (ports: readonly ServicePort[]) => ipSetsOf(ports, { nodeIP: NODE, bound: ['10.96.0.50'] })
  const filled = (ports: readonly ServicePort[]) =>
    Object.fromEntries([...setsOf(ports)].flatMap(([name, entries]) => (entries.size ? [[name, [...entries]]] : [])))

  it('hold what a Service is called by', () => {
    const told = balanced({
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: 31000,
      loadBalancerSourceRanges: ['10.160.0.0/12'],
    })
    expect(filled(portsOf(told, [slice(here, there)]))).toEqual({
      'KUBE-IPVS-IPS': ['10.96.0.50'],
      'KUBE-CLUSTER-IP': ['10.96.0.50,tcp:80'],
      'KUBE-LOOP-BACK': ['10.244.0.2,tcp:8080,10.244.0.2'],
      'KUBE-EXTERNAL-IP-LOCAL': ['192.168.99.22,tcp:80'],
      'KUBE-LOAD-BALANCER': ['1.2.3.4,tcp:80'],
      'KUBE-LOAD-BALANCER-LOCAL': ['1.2.3.4,tcp:80'],
      'KUBE-LOAD-BALANCER-FW': ['1.2.3.4,tcp:80'],
      'KUBE-LOAD-BALANCER-SOURCE-CIDR': ['1.2.3.4,tcp:80,10.160.0.0/12'],
      'KUBE-LOAD-BALANCER-SOURCE-IP': ['1.2.3.4,tcp:80,1.2.3.4'],
      'KUBE-NODE-PORT-TCP': ['30080'],
      'KUBE-NODE-PORT-LOCAL-TCP': ['30080'],
      'KUBE-HEALTH-CHECK-NODE-PORT': ['31000'],
    })
  })

  it('are made and emptied the first time, and then changed by what is different', () => {
    const one = setsOf(portsOf(service(), []))
    const first = ipSetLines(one, undefined, 'IPv6')
    expect(first.filter((line) => line.startsWith('create '))).toHaveLength(SET_NAMES.length)
    expect(first).toContain('create KUBE-6-CLUSTER-IP hash:ip,port family inet6 maxelem 65536 -exist')
    expect(first).toContain('create KUBE-6-LOAD-BALANCER-SOURCE-CID hash:ip,port,net family inet6 maxelem 65536 -exist')
    const two = setsOf(portsOf(service({ ports: [{ port: 81 }] }), []))
    expect(ipSetLines(two, one, 'IPv4')).toEqual([
      'add KUBE-CLUSTER-IP 10.96.0.50,tcp:81 -exist',
      'del KUBE-CLUSTER-IP 10.96.0.50,tcp:80 -exist',
    ])
  })

  it('are compared with in rules that are few, and only where there is something in them', () => {
    const few = ipvsRules(setsOf(portsOf(service(), [slice(here)])), ground)
    expect(few.nat.get('KUBE-SERVICES')).toEqual([
      '-s 127.0.0.0/8 -j RETURN',
      '-m set --match-set KUBE-CLUSTER-IP dst,dst ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ',
      '-m addrtype --dst-type LOCAL -j KUBE-NODE-PORT',
      '-m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT',
    ])
    expect(few.nat.get('KUBE-NODE-PORT')).toEqual([])
    const all = ipvsRules(setsOf(portsOf(balanced({ externalTrafficPolicy: 'Local' }), [slice(here)])), ground)
    expect(all.nat.get('KUBE-NODE-PORT')).toEqual([
      '-p tcp -m set --match-set KUBE-NODE-PORT-LOCAL-TCP dst -j RETURN',
      '-p tcp -m set --match-set KUBE-NODE-PORT-TCP dst -j KUBE-MARK-MASQ',
    ])
    expect(all.nat.get('KUBE-SERVICES')?.[1]).toBe(
      '-m set --match-set KUBE-LOAD-BALANCER dst,dst -j KUBE-LOAD-BALANCER',
    )
  })
})

it('brings sets, rules, servers and addresses in this order, and afterwards only what changed', async () => {
  const ran: string[] = []
  const os = {
    ...createSimulatedNodeOs({ hostname: 'n1' }),
    async run(command: string, args: string[], { input = '' } = {}) {
      const stdout = args[0] === '--save' ? '-A -t 10.96.0.99:80 -s rr\n' : ''
      if (input) ran.push(`${command} ${args.join(' ')}: ${input.split('\n', 1)}`)
      return { exitCode: 0, stdout, stderr: '' }
    },
  }
  const mode = new IpvsMode(os, ground)
  const [one] = portsOf(service(), [slice(here)])
  await mode.sync([one!])
  expect(ran.map((line) => line.split(':')[0])).toEqual([
    'ipset restore',
    'iptables-restore -w 5 --noflush',
    'ipvsadm --restore',
    'ip -batch -',
  ])
  ran.length = 0
  await mode.sync(portsOf(service(), [slice(here, there)]))
  expect(ran).toEqual(['ipvsadm --restore: -a -t 10.96.0.50:80 -r 10.244.1.3:8080 -m -w 1'])
})

it('looks again at endpoints that are leaving until their last connection has ended', async () => {
  const ran: string[] = []
  let connections = 1
  const os = {
    ...createSimulatedNodeOs({ hostname: 'n1' }),
    async run(command: string, args: string[], { input = '' } = {}) {
      if (command === 'ipvsadm' && input) ran.push(...input.trimEnd().split('\n'))
      const list = `TCP  10.96.0.50:80 rr\n  -> 10.244.0.2:8080  Masq  0  ${connections}  0\n`
      return { exitCode: 0, stdout: args[0] === '--list' ? list : '', stderr: '' }
    },
  }
  const mode = new IpvsMode(os, ground)
  const rest = portsOf(service(), [slice(there)])
  await mode.sync(portsOf(service(), [slice(here, there)]))
  ran.length = 0
  await mode.sync(rest)
  await mode.sync(rest)
  expect(ran.splice(0)).toEqual(['-e -t 10.96.0.50:80 -r 10.244.0.2:8080 -m -w 0'])
  expect(mode.isUnfinished).toBe(true)
  connections = 0
  await mode.sync(rest)
  expect(ran).toEqual(['-d -t 10.96.0.50:80 -r 10.244.0.2:8080'])
  expect(mode.isUnfinished).toBe(false)
})

it('is not started where the kernel has none, and says so', async () => {
  const os = { ...createSimulatedNodeOs({ hostname: 'n1' }), kindOf: async () => undefined }
  const means = { os, clock: undefined as never, random: () => 0 }
  await expect(startMode('ipvs', { ...ground, serviceCidr: '10.96.0.0/12' }, means)).rejects.toThrow(
    'needs IPVS in the kernel, and this one has none',
  )
})
