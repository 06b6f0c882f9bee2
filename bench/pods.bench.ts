// From creating a Pod to hearing that it runs, on one real machine: where each millisecond goes, for one Pod after the
// other and for twenty at once; with the machine's Docker engine and with containerd; beside `docker run` on that machine.

import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pod as WirePod } from 'kubernetes-types/core/v1'
import { systemClock } from '../server/base/clock.ts'
import { noLogger } from '../server/base/logger.ts'
import { stateDirectory } from '../server/cli/state-directory.ts'
import { type Client, createClient, eachOf, httpsTransport, parseKubeconfig } from '../server/kube/client/index.ts'
import { type ClusterInfo, LocalClusterHost } from '../server/kube/cluster/index.ts'
import { Pod } from '../server/kube/kinds/index.ts'
import { loadSchemas } from '../server/kube/schemas/load-schemas.ts'
import { openDataCentre } from '../server/machines/index.ts'
import { expectEngine } from './expect-engine.ts'
import { percentile, table } from './table.ts'

const SINGLY = Number(process.env.SINGLY ?? 20)
const AT_ONCE = 20
const ROUNDS = Number(process.env.ROUNDS ?? 3)
const IMAGE = 'nginx:1.26'
const POD_GROUPS = 'find /sys/fs/cgroup -type d -path "*/kubepods*" -name "pod*" | wc -l'

/** In milliseconds since 1970. */
interface Heard {
  sent: number
  added: number
  bound: number
  running: number
}
interface Engine {
  pauseMade: number
  pauseStarted: number
  made: number
  started: number
}

const STEPS: [string, (heard: Heard, engine: Engine) => number][] = [
  ['written by the API, and heard of', ({ sent, added }) => added - sent],
  ['scheduled', ({ added, bound }) => bound - added],
  ['kubelet: heard of, volumes, groups', ({ bound }, { pauseMade }) => pauseMade - bound],
  ['engine: sandbox', (_, { pauseMade, pauseStarted }) => pauseStarted - pauseMade],
  ['network, policies, image looked up', (_, { pauseStarted, made }) => made - pauseStarted],
  ['engine: container', (_, { made, started }) => started - made],
  ['told by the kubelet, and heard of', ({ running }, { started }) => running - started],
]

const inMachine = (info: ClusterInfo, script: string) => {
  const told = ['exec', info.machines[0]!.id, '/usr/lib/podium/enter.sh', 'sh', '-c', script]
  const { status, stdout, stderr } = spawnSync('docker', told, { encoding: 'utf8', maxBuffer: 64 * 2 ** 20 })
  if (status !== 0) throw new Error(`on the machine: ${script}: ${stderr}`)
  return stdout
}

async function runPods(client: Client, names: string[]): Promise<Map<string, Heard>> {
  const heard = new Map<string, Heard>()
  const path = '/api/v1/namespaces/default/pods'
  const { metadata } = await client.of(Pod).list({ namespace: 'default' })
  const events = await client.transport.watch({
    method: 'GET',
    path,
    query: { watch: 'true', resourceVersion: metadata?.resourceVersion ?? '' },
  })
  const creating = Promise.all(
    names.map(async (name) => {
      heard.set(name, { sent: Date.now(), added: 0, bound: 0, running: 0 })
      await client.of(Pod).create({
        metadata: { name, namespace: 'default' },
        spec: { containers: [{ name: 'main', image: IMAGE }], terminationGracePeriodSeconds: 0 },
      })
    }),
  )
  for await (const { object } of eachOf(events)) {
    const { metadata: meta, spec, status } = object as WirePod
    const one = heard.get(meta?.name ?? '')
    if (!one) continue
    one.added ||= Date.now()
    if (spec?.nodeName) one.bound ||= Date.now()
    if (status?.containerStatuses?.[0]?.state?.running) one.running ||= Date.now()
    if ([...heard.values()].every(({ running }) => running > 0)) break
  }
  await creating
  return heard
}

/** Until nothing of them is left: what runs next shares the processors with nobody. */
async function removePods(client: Client, info: ClusterInfo): Promise<void> {
  const all = async () => (await client.of(Pod).list({ namespace: 'default' })).items
  const later = () => new Promise((done) => setTimeout(done, 50))
  for (const { metadata } of await all()) {
    await client.of(Pod).delete({ namespace: 'default', name: metadata!.name! }, { gracePeriodSeconds: 0 })
  }
  while ((await all()).length > 0) await later()
  // Deleted at once, they are gone from the API before they are from the machine: their groups are the last.
  while (inMachine(info, POD_GROUPS).trim() !== '0') await later()
}

interface Inspected {
  Created: string
  State: { StartedAt: string }
  Config: { Labels: Record<string, string> }
}

function engineTimes(info: ClusterInfo): Map<string, Engine> {
  const all = JSON.parse(
    inMachine(info, 'docker inspect $(docker ps -aq --filter label=io.kubernetes.pod.name)'),
  ) as Inspected[]
  const times = new Map<string, Engine>()
  for (const { Created, State, Config } of all) {
    const name = Config.Labels['io.kubernetes.pod.name'] ?? ''
    const isPause = Config.Labels['io.kubernetes.container.name'] === 'POD'
    const [made, started] = [Date.parse(Created), Date.parse(State.StartedAt)]
    const own = isPause ? { pauseMade: made, pauseStarted: started } : { made, started }
    times.set(name, { ...times.get(name), ...own } as Engine)
  }
  return times
}

/** Milliseconds of each, told by the machine's own clock. */
function plainRuns(info: ClusterInfo, count: number): number[] {
  const one = `a=$(date +%s%N); docker run -d --network none ${IMAGE} > /dev/null; echo $(( ($(date +%s%N) - a) / 1000 ))`
  const times = inMachine(info, `for i in $(seq ${count}); do ( ${one} ) & done; wait`)
  inMachine(info, `docker rm -f $(docker ps -q --filter ancestor=${IMAGE}) > /dev/null`)
  return times
    .trim()
    .split('\n')
    .map((microseconds) => Number(microseconds) / 1000)
}

/** Of everything on the machine so far, in milliseconds. */
function processorMs(info: ClusterInfo): number {
  const [usage = '', stat = ''] = inMachine(
    info,
    'cd /sys/fs/cgroup; cat cpuacct/cpuacct.usage 2>/dev/null; echo; cat cpu.stat 2>/dev/null; true',
  ).split('\n\n')
  return usage ? Number(usage) / 1e6 : Number(/^usage_usec (\d+)/m.exec(stat)?.[1]) / 1e3
}

const ms = (values: readonly number[], share: number) => `${percentile(values, share).toFixed(0)} ms`
const totals = (all: readonly Heard[]) => all.map(({ sent, running }) => running - sent)

async function measure(stateDir: string, containerRuntime: 'docker' | 'containerd'): Promise<void> {
  await expectEngine()
  const centre = await openDataCentre({ stateDir: stateDirectory(process.env, process.getuid?.()) })
  await using host = new LocalClusterHost({
    stateDir,
    machines: async () => centre,
    schemas: loadSchemas(),
    clock: systemClock,
    logger: noLogger,
    random: Math.random,
  })
  const name = `bench-${containerRuntime}`
  // Of a run that was ended.
  await centre.deleteCluster(name)
  const info = await host.createCluster({ name, nodes: 1, simulatedNodes: 0, containerRuntime })
  using transport = httpsTransport({ ...parseKubeconfig(info.kubeconfig), userAgent: 'podium-bench' })
  const client = createClient(transport)
  // The first has to fetch the image where none was laid by.
  await runPods(client, ['first'])
  await removePods(client, info)

  const rounds: [string, number, number][] = [
    ['one after the other', 1, SINGLY],
    [`${AT_ONCE} at once`, AT_ONCE, ROUNDS],
  ]
  for (const [what, count, times] of rounds) {
    const heard: Heard[] = []
    const steps = STEPS.map((): number[] => [])
    const plain: number[] = []
    const processor: number[] = []
    for (let round = 0; round < times; round++) {
      const names = Array.from({ length: count }, (_, at) => `pod-${round}-${at}`)
      const before = processorMs(info)
      const told = await runPods(client, names)
      processor.push((processorMs(info) - before) / count)
      heard.push(...told.values())
      if (containerRuntime === 'docker') {
        const engine = engineTimes(info)
        for (const [pod, one] of told)
          for (const [at, [, of]] of STEPS.entries()) steps[at]!.push(of(one, engine.get(pod)!))
      }
      await removePods(client, info)
      if (containerRuntime === 'docker') plain.push(...plainRuns(info, count))
    }
    const all = totals(heard)
    const rows = [
      ...(containerRuntime === 'docker'
        ? STEPS.map(([step], at) => [step, ms(steps[at]!, 0.5), ms(steps[at]!, 0.99)])
        : []),
      ['created → Running', ms(all, 0.5), ms(all, 0.99)],
      ['processor of the machine, for each Pod', ms(processor, 0.5), ms(processor, 0.99)],
      ...(plain.length > 0 ? [['docker run of the same image', ms(plain, 0.5), ms(plain, 0.99)]] : []),
    ]
    process.stdout.write(
      `${containerRuntime}, ${what} (${all.length} Pods)\n\n${table(['step', 'p50', 'p99'], rows)}\n\n`,
    )
  }
  await host.deleteCluster(name)
}

if (process.getuid?.() !== 0) throw new Error('real machines are made by root')
const stateDir = await mkdtemp(join(tmpdir(), 'podium-bench-'))
await measure(stateDir, 'docker')
await measure(stateDir, 'containerd')
await rm(stateDir, { recursive: true, force: true })
process.exit(0)
