// NetworkPolicies on two real machines with addresses of both families. Policies of every shape come from seeds; what single
// packets then do, between all pods and by several ports, is held against the documentation as `testing/documented.ts` tells it.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Namespace, Pod } from 'kubernetes-types/core/v1'
import type { NetworkPolicy } from 'kubernetes-types/networking/v1'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, createClient, httpsTransport, parseKubeconfig } from '../server/kube/client/index.ts'
import { NetworkPolicy as NetworkPolicyKind, Pod as PodKind } from '../server/kube/kinds/index.ts'
import { type Connection, isAllowed } from '../server/kube/network-policy/testing/documented.ts'
import { RandomPolicies } from '../server/kube/network-policy/testing/random-policies.ts'
import { clusters } from './support/classroom.ts'
import { run as command, kubectl, podium } from './support/commands.ts'
import { until } from './support/until.ts'

const CLUSTER = 'e2e-policies'
const SEEDS = [1, 2, 3]
/** Longer than a lost packet is waited for before it is sent again. */
const PATIENCE_S = 2.5

/** Answers at every port what it is sent, over TCP and UDP. */
const SERVE = `
import asyncio
async def tcp(reader, writer):
    while data := await reader.read(100):
        writer.write(data)
    writer.close()
class Udp(asyncio.DatagramProtocol):
    def connection_made(self, transport): self.transport = transport
    def datagram_received(self, data, source): self.transport.sendto(data, source)
async def main():
    for port in (80, 8080): await asyncio.start_server(tcp, None, port)
    await asyncio.get_running_loop().create_datagram_endpoint(Udp, ('::', 53))
    await asyncio.Event().wait()
asyncio.run(main())
`
/** Tries all that it is given at once; says of each whether it was answered. */
const PROBE = `
import asyncio, json, sys
class Udp(asyncio.DatagramProtocol):
    def __init__(self): self.answered = asyncio.get_running_loop().create_future()
    def datagram_received(self, data, source): self.answered.done() or self.answered.set_result(True)
    def error_received(self, err): pass
async def tcp(host, port):
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b'x')
    await reader.read(1)
    writer.close()
async def udp(host, port):
    transport, udp = await asyncio.get_running_loop().create_datagram_endpoint(Udp, remote_addr=(host, port))
    while not udp.answered.done():
        transport.sendto(b'x')
        await asyncio.wait([udp.answered], timeout=.4)
    transport.close()
async def one(protocol, host, port):
    try:
        await asyncio.wait_for((tcp if protocol == 'TCP' else udp)(host, port), ${PATIENCE_S})
        return True
    except (OSError, asyncio.TimeoutError):
        return False
async def main():
    print(json.dumps(await asyncio.gather(*[one(*told) for told in json.load(sys.stdin)])))
asyncio.run(main())
`

const POD = (place: string, node: string, labels: Record<string, string>, web = 80): Pod => {
  const [namespace = '', name = ''] = place.split('/')
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'server',
          image: 'python',
          command: ['python3', '-c', SERVE],
          env: [{ name: 'PROBE', value: PROBE }],
          ports: [
            { name: 'web', containerPort: web },
            { name: 'names', containerPort: 53, protocol: 'UDP' },
          ],
          readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1, timeoutSeconds: 5 },
        },
      ],
    },
  }
}
const PODS = [
  POD('default/web', 'node-1', { app: 'web', tier: 'front' }),
  POD('default/db', 'node-2', { app: 'db' }, 8080),
  POD('shop/web', 'node-2', { app: 'web' }),
  POD('shop/cache', 'node-1', { app: 'cache', tier: 'back' }, 8080),
  POD('team-a/none', 'node-1', {}),
]
const namespaces: Namespace[] = ['default', 'shop', 'team-a', 'kube-system'].map((name) => ({
  metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
}))
const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name: 'web' },
  spec: { selector: { app: 'web' }, ports: [{ port: 7000, targetPort: 80 }] },
}

let directory: string
let kube: ReturnType<typeof kubectl>
let client: Client
let pods: Pod[]

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-e2e-'))
  const path = join(directory, 'kubeconfig.yaml')
  await podium('cluster', 'create', CLUSTER, '--nodes', '2', '--ip-family', 'dual', '--kubeconfig', path)
  kube = kubectl('1.36', path)
  client = createClient(httpsTransport({ ...parseKubeconfig(await readFile(path, 'utf8')), userAgent: 'e2e' }))
  for (const name of ['shop', 'team-a']) await run(`create namespace ${name}`)
  await run('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...PODS, SERVICE] }))
  await run('wait pods --all -A --for=condition=Ready --timeout=120s')
  pods = (await client.of(PodKind).list()).items
})
afterAll(async () => {
  await podium('cluster', 'delete', CLUSTER)
  await rm(directory, { recursive: true, force: true })
})

async function run(args: string, input = ''): Promise<string> {
  const { code, stdout, stderr } = await kube(args, { input, timeoutMs: 180_000 })
  expect(code, `kubectl ${args}\n${stdout}${stderr}`).toBe(0)
  return stdout
}

const addressesOf = (place: string) =>
  pods
    .find(({ metadata }) => `${metadata?.namespace}/${metadata?.name}` === place)!
    .status!.podIPs!.map(({ ip = '' }) => ip)
const addressOf = (place: string) => addressesOf(place)[0]!

type Target = [protocol: string, host: string, port: number]

/** By one process in the pod, all at once. */
async function answers(place: string, targets: readonly Target[]): Promise<boolean[]> {
  const [namespace, name] = place.split('/')
  const probe = `exec -i -n ${namespace} ${name} -- sh -c 'exec python3 -c "$PROBE"'`
  return JSON.parse(await run(probe, JSON.stringify(targets))) as boolean[]
}
const isAnswered = async (place: string, ...target: Target) => (await answers(place, [target]))[0]

async function apply(...policies: NetworkPolicy[]): Promise<void> {
  const of = client.of(NetworkPolicyKind)
  for (const { metadata } of (await of.list()).items) {
    await of.delete({ namespace: metadata!.namespace!, name: metadata!.name! })
  }
  for (const policy of policies) await of.create(policy)
}

const policy = (namespace: string, name: string, spec: NetworkPolicy['spec']): NetworkPolicy => ({
  metadata: { namespace, name },
  spec,
})
const nothing = (namespace: string, type: 'Ingress' | 'Egress') =>
  policy(namespace, 'nothing', { podSelector: {}, policyTypes: [type] })

describe('policies of every shape', () => {
  const PORTS = [
    ['TCP', 80],
    ['TCP', 8080],
    ['UDP', 53],
  ] as const
  const count = { allowed: 0, denied: 0, allowedOfSix: 0, deniedOfSix: 0 }

  it.each(SEEDS)('hold for packets between all pods, on one machine and two (seed %i)', async (seed) => {
    const places = PODS.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`)
    const addresses = places.flatMap(addressesOf)
    const words = {
      namespaces: ['default', 'shop', 'team-a'],
      addresses,
      ports: PORTS.map(([, port]) => port),
      portNames: ['web', 'names', 'nobody'],
      protocols: ['TCP', 'UDP'] as const,
    }
    const policies = new RandomPolicies(seed, words).policies(5)
    const connections = addresses.flatMap((from) =>
      addresses
        .filter((to) => to !== from && isIPv6(to) === isIPv6(from))
        .flatMap((to) => PORTS.map(([protocol, port]): Connection => ({ from, to, protocol, port }))),
    )
    const shown = ({ from, to, protocol, port }: Connection) => `${from} → ${to} ${protocol} ${port}`
    const isExpected = (one: Connection) => isAllowed({ policies, pods, namespaces }, one)
    const expected = connections.filter(isExpected).map(shown)
    for (const one of connections) {
      const family = isIPv6(one.from) ? 'OfSix' : ''
      count[`${isExpected(one) ? 'allowed' : 'denied'}${family}`]++
    }
    await apply(...policies)
    let got: string[] = []
    const holds = async () => {
      const bySource = places.map(async (place) => {
        const own = connections.filter(({ from }) => addressesOf(place).includes(from))
        const told = await answers(
          place,
          own.map(({ protocol, to, port }) => [protocol, to, port]),
        )
        return own.filter((_, nth) => told[nth]).map(shown)
      })
      got = (await Promise.all(bySource)).flat()
      return got.sort().join() === [...expected].sort().join()
    }
    await until('packets do what the documentation says', holds).catch(() => undefined)
    expect(got.sort()).toEqual(expected.sort())
  })

  it('were told apart in both ways', () => {
    console.log('packets', count)
    expect(count.allowed + count.denied).toBeGreaterThanOrEqual(150)
    expect(Math.min(...Object.values(count))).toBeGreaterThan(50)
  })
})

/** A command on the machine, as its root. */
async function onMachine(machine: string, ...line: string[]): Promise<string> {
  const cluster = (await clusters()).find(({ name }) => name === CLUSTER)
  const id = cluster?.machines.find(({ name }) => name === machine)?.id ?? ''
  return (await command('docker', ['exec', id, '/usr/lib/podium/enter.sh', ...line])).stdout
}

const createPod = (pod: Pod) => client.of(PodKind).create(pod)
const inPod = (place: string, script: string) => {
  const [namespace, name] = place.split('/')
  return run(`exec -i -n ${namespace} ${name} -- sh`, script)
}

const serviceAddress = () => run('get service web -o jsonpath={.spec.clusterIP}')

describe('a namespace that lets nobody in', () => {
  it('is reached by no one, through a Service neither, and its kubelets still probe it', async () => {
    await apply()
    const service = await serviceAddress()
    await until('without a policy it is reached', () => isAnswered('shop/web', 'TCP', service, 7000))
    await apply(nothing('default', 'Ingress'))
    await until('the Service is dropped', async () => !(await isAnswered('shop/web', 'TCP', service, 7000)))
    await createPod(POD('default/late', 'node-1', { app: 'late' }))
    await run('wait pod late web db --for=condition=Ready --timeout=60s')
  })

  it('tells in the kernel, by the policy’s name, what was dropped for it', async () => {
    const rules = await onMachine('node-1', 'nft', 'list', 'chain', 'inet', 'network-policy', 'to/default/web')
    expect(rules).toMatch(/counter packets [1-9]\d* bytes \d+ drop comment "ingress dropped by default\/nothing"/)
  })

  it('lets go on what has begun', async () => {
    await apply()
    const web = addressOf('default/web')
    await until('it is reached', () => isAnswered('shop/web', 'TCP', web, 80))
    await inPod('shop/web', TALK(web))
    await until('a connection is open', async () => (await inPod('shop/web', 'cat /tmp/said')).includes('begun'))
    await apply(nothing('default', 'Ingress'))
    await until('new ones are dropped', async () => !(await isAnswered('shop/web', 'TCP', web, 80)))
    await inPod('shop/web', 'touch /tmp/go')
    await until('the old one is answered', async () => (await inPod('shop/web', 'cat /tmp/said')).includes('still'))
  })
})

/** Opens a connection, and says something when it is told to. */
const TALK = (host: string) => `
cat > /tmp/talk.py <<'END'
import os, socket, time
talk = socket.create_connection(('${host}', 80), timeout=60)
print('begun', flush=True)
while not os.path.exists('/tmp/go'): time.sleep(.05)
talk.sendall(b'still')
print(talk.recv(100).decode(), flush=True)
END
rm -f /tmp/go; nohup python3 /tmp/talk.py > /tmp/said 2>&1 < /dev/null &
`

describe('who may go nowhere', () => {
  it('may ask for names where a policy lets it, and is kept from the rest of that address', async () => {
    const names = { namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }
    await apply(policy('shop', 'names', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [names] }] }))
    await until(
      'others are not reached',
      async () => !(await isAnswered('shop/web', 'TCP', addressOf('default/web'), 80)),
    )
    const service = await serviceAddress()
    const ask = `python3 -c "import socket; print(socket.gethostbyname('web.default.svc.cluster.local'))"`
    expect(await inPod('shop/web', ask)).toBe(`${service}\n`)
    const api = `python3 -c "import socket; socket.create_connection(('kubernetes.default', 443), timeout=2)" 2>&1 | tail -1`
    expect(await inPod('shop/web', api)).toMatch(/timed out/)
  })

  it('goes nowhere in its first moments either', async () => {
    await apply(nothing('team-a', 'Egress'))
    const eager = POD('team-a/eager', 'node-1', {})
    const script = `
import socket
for _ in range(30):
    try: socket.create_connection(('${addressOf('default/web')}', 80), timeout=.1); print('reached')
    except OSError: print('kept')`
    const [container] = eager.spec!.containers
    const containers = [{ name: 'eager', image: container!.image!, command: ['python3', '-c', script] }]
    await createPod({ ...eager, spec: { ...eager.spec!, restartPolicy: 'Never', containers } })
    await run("wait pod eager -n team-a --for=jsonpath='{.status.phase}'=Succeeded --timeout=60s")
    expect(await run('logs eager -n team-a')).toBe('kept\n'.repeat(30))
  })
})

describe('a pod that many policies select', () => {
  const MANY = 20
  /** The last names somebody, all others nobody. */
  const many = Array.from({ length: MANY }, (_, nth) => {
    const peer = { namespaceSelector: {}, podSelector: { matchLabels: { app: nth === MANY - 1 ? 'cache' : 'nobody' } } }
    return policy('default', `many-${nth}`, {
      podSelector: { matchLabels: { app: 'web' } },
      ingress: [{ from: [peer] }],
    })
  })
  const reach = async (place: string) => {
    const told = await answers(
      place,
      addressesOf('default/web').map((address) => ['TCP', address, 80]),
    )
    return told.map((isIn) => (isIn ? 'in' : 'out')).join()
  }

  it('lets in, by the caller’s address of either family, whom one of them names, and counts it as that one’s', async () => {
    await apply(...many)
    await until('only who is named is let in', async () => {
      const [named, other] = await Promise.all([reach('shop/cache'), reach('shop/web')])
      return named === 'in,in' && other === 'out,out'
    })
    const chain = (name: string) => onMachine('node-1', 'nft', 'list', 'chain', 'inet', 'network-policy', name)
    const own = await chain('to/default/web')
    expect(own).toMatch(/ip saddr vmap @peers\/ingress\/\w+\n.*ip6 saddr vmap @peers\/ingress\/\w+\/v6\n/)
    expect(own).not.toContain('jump ingress/')
    expect(await chain(`ingress/default/many-${MANY - 1}`)).toMatch(/@\S+ counter packets [1-9]\d* .* accept/)
  })

  it('lets in who gets the label of whom one names, and nobody who has lost it', async () => {
    await run('label pod -n shop web app=cache --overwrite')
    await run('label pod -n shop cache app=other --overwrite')
    await until('they have changed places', async () => {
      const [before, now] = await Promise.all([reach('shop/cache'), reach('shop/web')])
      return before === 'out,out' && now === 'in,in'
    })
    await run('label pod -n shop web app=web --overwrite')
    await run('label pod -n shop cache app=cache --overwrite')
  })
})

it('lets in within a second who gets the right label', async () => {
  const friends = { podSelector: { matchLabels: { is: 'friend' } }, namespaceSelector: {} }
  await apply(policy('default', 'friends', { podSelector: {}, ingress: [{ from: [friends] }] }))
  const web = addressOf('default/web')
  const took: number[] = []
  for (let turn = 0; turn < 2; turn++) {
    await run('label pod -n shop cache is-')
    await until('nobody is let in', async () => !(await isAnswered('shop/cache', 'TCP', web, 80)))
    await inPod('shop/cache', KNOCK(web))
    await until('it knocks', async () => (await inPod('shop/cache', 'cat /tmp/knocks')).includes('knock'))
    const labels = { metadata: { labels: { is: 'friend' } } }
    await client.of(PodKind).patch({ namespace: 'shop', name: 'cache' }, 'application/merge-patch+json', labels)
    const written = Date.now() / 1000
    const opened = await until(
      'it is let in',
      async () => /in ([\d.]+)/.exec(await inPod('shop/cache', 'cat /tmp/knocks'))?.[1],
    )
    took.push(Number(opened) - written)
  }
  console.log('label → packet, seconds', took)
  expect(Math.min(...took)).toBeLessThan(1)
})

/** Tries again and again until it is let in, and says when. */
const KNOCK = (host: string) => `
cat > /tmp/knock.py <<'END'
import socket, time
print('knock', flush=True)
while True:
    try: socket.create_connection(('${host}', 80), timeout=.05); break
    except OSError: pass
print('in', time.time(), flush=True)
END
nohup python3 /tmp/knock.py > /tmp/knocks 2>&1 < /dev/null &
`
