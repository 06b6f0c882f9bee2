// Services on real packets, in each of kube-proxy's modes, on two machines: who answers, whom the answerer saw calling, and
// who is refused. The machines go from one mode to the other by their configuration file.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clusters } from './support/classroom.ts'
import { run as command, kubectl, podium, root } from './support/commands.ts'
import { ASK, pod } from './support/packet-pods.ts'
import { until } from './support/until.ts'

const CLUSTER = 'e2e-packets'
const SERVING = { labels: { app: 'web' } }
const service = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
})
const FLOWING = { labels: { app: 'flow' } }
const OBJECTS = [
  pod('c', { node: 'node-1', ...FLOWING }),
  pod('d', { node: 'node-2', ...FLOWING }),
  service('flow', { selector: FLOWING.labels, ports: [{ port: 80, targetPort: 8080, protocol: 'UDP' }] }),
  pod('client', { node: 'node-1', program: 'wait' }),
  pod('a', { node: 'node-1', ...SERVING }),
  pod('b', { node: 'node-2', labels: { app: 'web', only: 'b' } }),
  service('web', {}),
  service('sticky', {
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
  }),
  service('both', { ipFamilyPolicy: 'RequireDualStack' }),
  service('six', { ipFamilies: ['IPv6'], sessionAffinity: 'ClientIP' }),
  service('sixless', { ipFamilies: ['IPv6'], selector: { app: 'wbe' } }),
  service('nobody', { selector: { app: 'wbe' } }),
  service('self', { selector: { only: 'b' } }),
  service('inside', { selector: { only: 'b' }, internalTrafficPolicy: 'Local' }),
  service('open', {
    type: 'NodePort',
    ports: [
      { name: 'tcp', port: 80, targetPort: 8080, nodePort: 30080 },
      { name: 'udp', port: 80, targetPort: 8080, nodePort: 30081, protocol: 'UDP' },
      { name: 'sctp', port: 80, targetPort: 8080, nodePort: 30082, protocol: 'SCTP' },
    ],
  }),
  service('balanced', { type: 'LoadBalancer', ipFamilyPolicy: 'RequireDualStack' }),
  service('guarded', {
    type: 'LoadBalancer',
    selector: { only: 'b' },
    externalTrafficPolicy: 'Local',
    loadBalancerSourceRanges: ['198.51.100.0/24'],
  }),
  service('outside', {
    type: 'NodePort',
    selector: { only: 'b' },
    externalTrafficPolicy: 'Local',
    ports: [{ port: 80, targetPort: 8080, nodePort: 30090 }],
  }),
]

let directory: string
let kube: ReturnType<typeof kubectl>
const machines = new Map<string, { id: string; address: string }>()
const addresses = new Map<string, string>()

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-e2e-'))
  const kubeconfig = join(directory, 'kubeconfig.yaml')
  await podium('cluster', 'create', CLUSTER, '--nodes', '2', '--ip-family', 'dual', '--kubeconfig', kubeconfig)
  kube = kubectl('1.36', kubeconfig)
  await run('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: OBJECTS }))
  await run('wait pods --all --for=condition=Ready --timeout=120s')
  const cluster = (await clusters()).find(({ name }) => name === CLUSTER)
  for (const { name, id } of cluster?.machines ?? []) {
    const address = await run(`get node ${name} -o jsonpath={.status.addresses[0].address}`)
    machines.set(name, { id, address })
  }
  for (const line of (await run('get pods -o custom-columns=n:.metadata.name,i:.status.podIP --no-headers')).split(
    '\n',
  )) {
    const [name = '', ip = ''] = line.split(/\s+/)
    addresses.set(name, ip)
  }
})
afterAll(async () => {
  await podium('cluster', 'delete', CLUSTER)
  await rm(directory, { recursive: true, force: true })
})

async function run(command: string, input = ''): Promise<string> {
  const { code, stdout, stderr } = await kube(command, { input, timeoutMs: 120_000 })
  expect(code, `kubectl ${command}\n${stdout}${stderr}`).toBe(0)
  return stdout
}

/** What the client heard, one answer for each question. */
const ask = async (...questions: string[]) =>
  (await run(ASK, questions.map((question) => `${question}\n`).join(''))).trimEnd().split('\n')

const onMachine = async (name: string, script: string) =>
  (await command('docker', ['exec', machines.get(name)!.id, '/usr/lib/podium/enter.sh', 'sh', '-c', script])).stdout
const nodeOf = (name: string) => machines.get(name)!.address
const ip = (name: string) => addresses.get(name)!
/** From the host, which is on the machines' network and neither a pod nor a node. */
const fromOutside = (address: string, port: number, patienceMs = 10_000) =>
  fetch(`http://${address}:${port}/`, { signal: AbortSignal.timeout(patienceMs) }).then((answer) => answer.text())

const balancerOf = (name: string) =>
  until(`${name} has an address`, () => run(`get service ${name} -o jsonpath={.status.loadBalancer.ingress[0].ip}`))

/** Changes a file of both machines, and waits until their node agents, started anew, have taken it up. */
async function change(script: string, question: string, answer: RegExp): Promise<void> {
  const all = (command: string) => Promise.all([...machines.keys()].map((name) => onMachine(name, command)))
  await all(`${script} && pkill -f node-agent.mjs`)
  await until(`both machines say ${answer}`, async () => (await all(question)).every((said) => answer.test(said)))
}

/** By the machines' configuration file; returns when the rules are there in both families. */
const takeMode = (mode: string) =>
  change(
    `sed -i 's/^mode:.*/mode: ${mode}/' /var/lib/kube-proxy/config.conf`,
    'curl -s localhost:10249/proxyMode; curl -s localhost:10249/metrics | grep -c ^kubeproxy_sync_proxy_rules_last_timestamp_seconds',
    new RegExp(`^${mode}2\\n$`),
  )

it('no packet between pods and nodes has another address put on it', async () => {
  const [same, across] = await ask(`tcp ${ip('a')} 8080`, `tcp ${ip('b')} 8080`)
  expect([same, across]).toEqual([`a ${ip('client')}`, `b ${ip('client')}`])
  expect(await onMachine('node-1', `curl -s ${ip('b')}:8080`)).toBe(`b ${nodeOf('node-1')}`)
})

it('tells pods of Services by variables unless they want none, and of both addresses of their node', async () => {
  const linked = (name: string, spec: object) => pod(name, { node: 'node-1', program: 'wait', spec })
  const items = [linked('linked', {}), linked('unlinked', { enableServiceLinks: false })]
  await run('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  await run('wait pod linked unlinked --for=condition=Ready --timeout=60s')
  const clusterIP = await run('get service web -o jsonpath={.spec.clusterIP}')
  const [told, untold] = await Promise.all([run('exec linked -- env'), run('exec unlinked -- env')])
  expect(told).toContain(`\nWEB_SERVICE_HOST=${clusterIP}\n`)
  expect(told).toContain(`\nWEB_PORT_80_TCP=tcp://${clusterIP}:80\n`)
  expect(untold).not.toContain('WEB_')
  expect(untold).toContain('\nKUBERNETES_SERVICE_HOST=10.96.0.1\n')
  const addresses = await run('get node node-1 -o jsonpath={.status.addresses[?(@.type=="InternalIP")].address}')
  expect(await run('get pod linked -o jsonpath={.status.hostIPs[*].ip}')).toBe(addresses)
  expect(addresses).toMatch(/^10\.\S+ fd00\S+$/)
  await run('delete pod linked unlinked --wait=false')
})

describe.each(['iptables', 'nftables'])('mode %s', (mode) => {
  beforeAll(async () => {
    if (mode !== 'iptables') await takeMode(mode)
  })

  it('leads to every endpoint by lot, and shows the caller’s own address', async () => {
    const heard = await ask(...Array(24).fill('tcp web 80'))
    expect(new Set(heard)).toEqual(new Set([`a ${ip('client')}`, `b ${ip('client')}`]))
  })

  it('keeps a client with who answered it first', async () => {
    expect(new Set(await ask(...Array(12).fill('tcp sticky 80'))).size).toBe(1)
  })

  it('refuses at once where nobody is', async () => {
    // Long before anybody's patience ends.
    expect(await ask('tcp nobody 80')).toEqual(['ConnectionRefusedError'])
  })

  it('lets a flow of UDP go on to another endpoint when its own is gone', async () => {
    const clusterIP = await run('get service flow -o jsonpath={.spec.clusterIP}')
    // Of the mode before.
    await onMachine('node-1', `conntrack -D -p udp -d ${clusterIP}`)
    const held = ask('hold flow 80')
    const pods = await run('get pods -l app=flow -o custom-columns=n:.metadata.name,i:.status.podIP --no-headers')
    const answering = await until('the kernel has the flow', async () => {
      const flows = await onMachine('node-1', `conntrack -L -p udp -d ${clusterIP} 2>/dev/null`)
      return pods
        .split('\n')
        .find((line) => flows.includes(`src=${line.split(/\s+/)[1]} `))
        ?.split(/\s+/)[0]
    })
    await run(`delete pod ${answering} --wait=false`)
    expect(await held).toEqual([answering === 'c' ? 'c d' : 'd c'])
    // For the next mode.
    await run(`wait pod ${answering} --for=delete --timeout=60s`)
    await run(
      'apply -f -',
      JSON.stringify(pod(answering, { node: answering === 'c' ? 'node-1' : 'node-2', ...FLOWING })),
    )
    await run(`wait pod ${answering} --for=condition=Ready --timeout=60s`)
  })

  it('leads over IPv6 as well, under the caller’s own address', async () => {
    const [, second = ''] = (await run('get service both -o jsonpath={.spec.clusterIPs[*]}')).split(' ')
    const client = await run('get pod client -o jsonpath={.status.podIPs[1].ip}')
    const heard = await ask(...Array(16).fill(`tcp ${second} 80`))
    expect(new Set(heard)).toEqual(new Set([`a ${client}`, `b ${client}`]))
    // By its name there is no other way to it.
    expect(new Set(await ask(...Array(8).fill('tcp six 80'))).size).toBe(1)
    expect(await ask('tcp sixless 80')).toEqual(['ConnectionRefusedError'])
  })

  it('leads a pod to itself, under the address of its node’s bridge', async () => {
    const [answer] = (await run(`exec -i b -- sh -c 'python3 -u -c "$CALLER"'`, 'tcp self 80\n')).split('\n')
    expect(answer).toMatch(/^b 10\.244\.\d+\.1$/)
  })

  it('is silent with an internal policy Local and nobody here', async () => {
    expect(await ask('tcp inside 80 2')).toEqual(['TimeoutError'])
  })

  it('opens a port on every node, for TCP and UDP, and writes rules for SCTP', async () => {
    const heard = await ask(
      `tcp ${nodeOf('node-1')} 30080`,
      `tcp ${nodeOf('node-2')} 30080`,
      `udp ${nodeOf('node-2')} 30081`,
    )
    for (const answer of heard) expect(answer).toMatch(/^[ab] 10\./)
    for (const node of machines.keys()) expect(await fromOutside(nodeOf(node), 30080)).toMatch(/^[ab] 10\./)
    // In mode nftables node ports are the node's own address, and no other.
    const onLoopback = await onMachine('node-1', 'curl -s -m 1 127.0.0.1:30080')
    expect(onLoopback).toMatch(mode === 'iptables' ? /^[ab] 10\./ : /^$/)
    const rules = await onMachine('node-1', 'iptables-save -t nat; nft list table ip kube-proxy 2>/dev/null')
    expect(rules).toMatch(mode === 'iptables' ? /-p sctp .*30082 .*-j KUBE-EXT-/ : /sctp \. 30082 : goto external-/)
  })

  it('with an external policy Local shows the caller’s own address, and only where an endpoint is', async () => {
    const outside = nodeOf('node-2').replace(/\d+$/, '1')
    expect(await fromOutside(nodeOf('node-2'), 30090)).toBe(`b ${outside}`)
    await expect(fromOutside(nodeOf('node-1'), 30090, 1000)).rejects.toThrow()
    // A pod is led there as if it had gone out and come in again.
    expect((await ask(`tcp ${nodeOf('node-1')} 30090`))[0]).toMatch(/^b 10\./)
  })

  it('leads from a load balancer’s address on the machines’ network, and guards it', async () => {
    const [balanced, guarded] = await Promise.all(['balanced', 'guarded'].map(balancerOf))
    const answers = await Promise.all(Array.from({ length: 24 }, () => fromOutside(balanced!, 80)))
    expect(new Set(answers.map((answer) => answer.split(' ')[0]))).toEqual(new Set(['a', 'b']))
    const second = await run('get service balanced -o jsonpath={.status.loadBalancer.ingress[1].ip}')
    for (const address of [balanced, second]) {
      expect((await ask(`tcp ${address} 80`))[0]).toMatch(/^[ab] (10\.|fd00)/)
    }
    await expect(fromOutside(guarded!, 80, 1000)).rejects.toThrow()
    const health = await run('get service guarded -o jsonpath={.spec.healthCheckNodePort}')
    const asked = ['node-1', 'node-2'].map(async (name) => (await fetch(`http://${nodeOf(name)}:${health}/`)).status)
    expect(await Promise.all(asked)).toEqual([503, 200])
    const open = { spec: { loadBalancerSourceRanges: [`${nodeOf('node-1')}/24`] } }
    await run(`patch service guarded -p '${JSON.stringify(open)}'`)
    const gateway = nodeOf('node-2').replace(/\d+$/, '1')
    await until('the gateway is let in', async () => (await fromOutside(guarded!, 80, 1000)) === `b ${gateway}`)
    await run(`patch service guarded -p '{"spec":{"loadBalancerSourceRanges":["198.51.100.0/24"]}}'`)
  })

  it('leaves nothing of the other mode', async () => {
    const saved = await onMachine('node-1', 'iptables-save; nft list tables')
    if (mode === 'iptables') expect(saved).not.toContain('kube-proxy')
    else expect(saved).not.toContain('KUBE-SVC')
  })
})

it('counts in kube-proxy’s metrics the rules that the kernel has', async () => {
  await takeMode('iptables')
  await until('they agree', async () => {
    const [rules = '', metrics = ''] = (
      await onMachine('node-1', "iptables-save -t nat | grep -c '^-A KUBE-'; curl -s localhost:10249/metrics")
    ).split(/\n(.*)/s)
    return metrics.includes(`\nkubeproxy_sync_proxy_rules_iptables_total{ip_family="IPv4",table="nat"} ${rules}\n`)
  })
})

it('is called through an HAProxy outside of the pods’ network that the API configures, and loses no call meanwhile', async () => {
  await run('apply -f -', await readFile(join(root, 'images/terminal/haproxy.yaml'), 'utf8'))
  const fronted = (name: string, port: number) =>
    service(name, {
      type: 'LoadBalancer',
      loadBalancerClass: 'podium.dev/haproxy',
      ports: [{ port, targetPort: 8080 }],
    })
  await run('apply -f -', JSON.stringify(fronted('fronted', 8088)))
  await run('-n haproxy rollout status deployment haproxy --timeout=120s')
  const address = await balancerOf('fronted')
  expect([nodeOf('node-1'), nodeOf('node-2')]).toContain(address)
  const first = await until('it answers', () => fromOutside(address, 8088, 1000))
  expect(first).toMatch(/^[ab] 10\./)
  const heard = new Set<string>()
  let lost = 0
  let isOver = false
  const callers = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      await fromOutside(address, 8088).then(
        (answer) => heard.add(answer.split(' ')[0]!),
        () => lost++,
      )
    }
  })
  // Each is another configuration.
  for (const port of [8089, 8090, 8091]) {
    await run('apply -f -', JSON.stringify(fronted(`fronted-${port}`, port)))
    await until(`port ${port} is open`, () => fromOutside(address, port, 1000))
  }
  isOver = true
  await Promise.all(callers)
  expect({ lost, heard: [...heard].sort() }).toEqual({ lost: 0, heard: ['a', 'b'] })
  await run('delete namespace haproxy --wait=false')
})

describe('mode userspace, of Kubernetes before 1.26', () => {
  beforeAll(() => takeMode('userspace'))

  it('leads to one endpoint after another, and whoever answers sees its node calling', async () => {
    const heard = await ask(...Array(8).fill('tcp web 80'))
    for (const answer of heard) expect(answer).toMatch(new RegExp(`^(a 10\\.244\\.\\d+\\.1|b ${nodeOf('node-1')})$`))
    const names = heard.map((answer) => answer[0])
    expect(names.slice(1)).toEqual(names.slice(0, -1).map((name) => (name === 'a' ? 'b' : 'a')))
    expect(new Set(await ask(...Array(6).fill('tcp sticky 80'))).size).toBe(1)
    const second = (await run('get service both -o jsonpath={.spec.clusterIPs[1]}')).trim()
    expect((await ask(`tcp ${second} 80`))[0]).toMatch(/^[ab] fd00/)
  })

  it('opens ports on every node, for TCP and UDP, and to itself', async () => {
    const asked = [`tcp ${nodeOf('node-1')} 30080`, `tcp ${nodeOf('node-2')} 30080`, `udp ${nodeOf('node-2')} 30081`]
    for (const answer of await ask(...asked)) expect(answer).toMatch(/^[ab] 10\./)
    expect(await fromOutside(nodeOf('node-2'), 30080)).toMatch(/^[ab] 10\./)
    expect(await onMachine('node-1', `curl -s ${nodeOf('node-1')}:30080`)).toMatch(/^[ab] 10\./)
  })

  it('takes a call that nobody answers, and ends it at once', async () => {
    expect((await ask('tcp nobody 80'))[0]).toMatch(/^(|ConnectionResetError|BrokenPipeError)$/)
  })

  it('has its own chains, and nothing of the other modes', async () => {
    const saved = await onMachine('node-1', 'iptables-save; nft list tables')
    expect(saved).toMatch(/-A KUBE-PORTALS-CONTAINER .*"default\/web" .*-j REDIRECT --to-ports \d+/)
    expect(saved).not.toMatch(/kube-proxy|KUBE-SERVICES/)
  })
})

it('goes from machine to machine in an overlay where that is chosen, with no address changed', async () => {
  const choose = `sed -i 's/"podNetwork": "routes"/"podNetwork": "vxlan"/' /etc/podium/node.json`
  await change(choose, 'ip route', /10\.244\.\d+\.0\/24 via 10\.244\.\d+\.0 dev vxlan\.1 onlink/)
  expect(await ask(`tcp ${ip('b')} 8080`)).toEqual([`b ${ip('client')}`])
  expect(await onMachine('node-1', `curl -s ${ip('b')}:8080`)).toMatch(/^b 10\.244\.\d+\.0$/)
  // Plug-ins were asked, when the node agents started anew, whether pods are as they were made.
  expect(await onMachine('node-2', 'cat /var/log/podium/node-agent.log')).not.toContain('of a pod has changed')
  const wrapped = await onMachine('node-2', 'cat /sys/class/net/vxlan.1/statistics/rx_packets')
  expect(Number(wrapped)).toBeGreaterThan(5)
})

describe('the network of pods on a machine', () => {
  const CONF = '/etc/cni/net.d'
  const write = (file: string, text: string) => onMachine('node-2', `cat > ${file} <<'END'\n${text}\nEND`)
  const make = (name: string) => run('apply -f -', JSON.stringify(pod(name, { node: 'node-2', program: 'wait' })))
  const addressOf = async (name: string) => {
    await make(name)
    await run(`wait pod ${name} --for=condition=Ready --timeout=60s`)
    return run(`get pod ${name} -o jsonpath={.status.podIP}`)
  }
  const range = (subnet: string, rangeStart: string) => ({ type: 'host-local', ranges: [[{ subnet, rangeStart }]] })
  const routed = (ipam: object) => ({ ...ipam, routes: [{ dst: '0.0.0.0/0' }] })

  it('is a learner’s own plug-in when its file comes first, from the next pod on', async () => {
    // A script is enough; this one notes what it was asked and lets another do the work.
    const script = '#!/bin/sh\necho "$CNI_COMMAND $CNI_IFNAME" >> /var/log/own-cni.log\nexec /opt/cni/bin/bridge'
    await write('/opt/cni/bin/own', script)
    const subnet = ip('b').replace(/\d+$/, '0/24')
    const ipam = routed(range(subnet, ip('b').replace(/\d+$/, '200')))
    const conf = { cniVersion: '0.4.0', name: 'own', type: 'own', bridge: 'cni0', isGateway: true, ipam }
    await write(`${CONF}/05-own.conf`, JSON.stringify(conf))
    await onMachine('node-2', 'chmod +x /opt/cni/bin/own')
    expect(await addressOf('own')).toBe(ip('b').replace(/\d+$/, '200'))
    await onMachine('node-2', `rm ${CONF}/05-own.conf`)
    await run('delete pod own --wait')
    await until('what it made is taken down by it', async () =>
      (await onMachine('node-2', 'cat /var/log/own-cni.log')).includes('ADD eth0\nDEL eth0\n'),
    )
  })

  it('is macvlan where it is asked for, and ipvlan is refused by name where the kernel has none', async () => {
    const subnet = nodeOf('node-2').replace(/\d+$/, '0/24')
    const ipam = range(subnet, nodeOf('node-2').replace(/\d+$/, '200'))
    const conf = { cniVersion: '0.4.0', name: 'outside', type: 'macvlan', master: 'eth0', ipam }
    await write(`${CONF}/05-outside.conf`, JSON.stringify(conf))
    const address = await addressOf('outside')
    expect(address).toBe(nodeOf('node-2').replace(/\d+$/, '200'))
    expect(await onMachine('node-1', `ping -c 1 -W 5 ${address}`)).toContain('1 received')
    await write(`${CONF}/05-outside.conf`, JSON.stringify({ ...conf, type: 'ipvlan' }))
    await make('refused')
    await until('it is said why', async () =>
      (await run('get events --field-selector involvedObject.name=refused')).match(
        /plugin type="ipvlan" failed \(add\)/,
      ),
    )
    await run('delete pod refused outside --wait')
    await onMachine('node-2', `rm ${CONF}/05-outside.conf`)
  })

  it('is as slow as the pod’s annotations say, in both directions', async () => {
    const limits = { 'kubernetes.io/ingress-bandwidth': '8M', 'kubernetes.io/egress-bandwidth': '4M' }
    const slow = pod('slow', { node: 'node-2', program: 'wait' })
    await run('apply -f -', JSON.stringify({ ...slow, metadata: { ...slow.metadata, annotations: limits } }))
    await run('wait pod slow --for=condition=Ready --timeout=60s')
    const queues = await onMachine('node-2', 'tc qdisc show | grep tbf')
    expect(queues).toMatch(/dev veth\S+ .*rate 8Mbit/)
    expect(queues).toMatch(/dev bwp\S+ .*rate 4Mbit/)
    await run('delete pod slow --wait')
    await until('nothing is left of it', async () => !(await onMachine('node-2', 'ip link')).includes('bwp'))
    const asked = 'get node node-2 -o jsonpath={.metadata.annotations.podium\\.dev/cni-versions}'
    expect(await run(asked)).toMatch(/(^|,)0\.4\.0,/)
  })

  it('may be several, by a plug-in that calls others', async () => {
    const script = await readFile(join(root, 'docs/examples/several-networks.sh'), 'utf8')
    await write('/opt/cni/bin/several-networks', script)
    await onMachine('node-2', 'chmod +x /opt/cni/bin/several-networks')
    const pods = routed(range(ip('b').replace(/\d+$/, '0/24'), ip('b').replace(/\d+$/, '210')))
    const outside = range(nodeOf('node-2').replace(/\d+$/, '0/24'), nodeOf('node-2').replace(/\d+$/, '210'))
    const delegates = [
      { type: 'bridge', bridge: 'cni0', isGateway: true, ipam: pods },
      { type: 'macvlan', master: 'eth0', ipam: outside },
    ]
    const conf = { cniVersion: '0.4.0', name: 'several', type: 'several-networks', delegates }
    await write(`${CONF}/05-several.conf`, JSON.stringify(conf))
    expect(await addressOf('both-networks')).toBe(ip('b').replace(/\d+$/, '210'))
    const second = nodeOf('node-2').replace(/\d+$/, '210')
    expect(await onMachine('node-1', `ping -c 1 -W 5 ${second}`)).toContain('1 received')
    expect(await ask(`tcp ${ip('a')} 8080`)).toEqual([`a ${ip('client')}`])
    await onMachine('node-2', `rm ${CONF}/05-several.conf`)
    await run('delete pod both-networks --wait')
    await until('both give their address back', async () =>
      /^lock\n$/.test(
        await onMachine(
          'node-2',
          'cd /var/lib/cni/networks; ls several-0 several-1 | grep -v "^last\\|^$\\|:$" | sort -u',
        ),
      ),
    )
  })

  it('is the book’s, as it is printed, on a machine without a bridge of another', async () => {
    const book = {
      cniVersion: '0.2.0',
      name: 'mynet',
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: true,
      ipam: { type: 'host-local', subnet: '10.22.0.0/16', routes: [{ dst: '0.0.0.0/0' }] },
    }
    await run('delete pod b --wait')
    // The bridge goes when nobody can make it again: a pod that is on its way out may still be tried once more.
    await write(`${CONF}/10-mynet.conf`, JSON.stringify(book))
    await write(`${CONF}/99-loopback.conf`, JSON.stringify({ cniVersion: '0.2.0', type: 'loopback' }))
    await onMachine('node-2', 'ip link delete cni0')
    expect(await addressOf('printed')).toMatch(/^10\.22\.0\.\d+$/)
    expect(await run('exec printed -- hostname -i')).toMatch(/^10\.22\.0\./)
    await run('delete pod printed --wait')
    await until('its address is given back', async () =>
      /^last_reserved_ip.0\nlock\n$/.test(await onMachine('node-2', 'ls /var/lib/cni/networks/mynet')),
    )
  })
})
