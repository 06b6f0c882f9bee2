// Where packets are sent: two machines, pods on them that say who called, and a client that says what it heard.

import { expect } from 'vitest'
import type { RequestTracing } from '../../server/observe/network/trace/request-tracing.ts'
import { tracingOf } from '../connections/tracing-of.ts'
import { clusters } from '../support/classroom.ts'
import { run as command, type Kubectl, kubectl } from '../support/commands.ts'
import { ASK } from '../support/packet-pods.ts'
import { until } from '../support/until.ts'

export class PacketSeat {
  /** Where it is, once it is open. */
  kubeconfig = ''
  readonly machines = new Map<string, { id: string; address: string; six: string }>()
  readonly #pods = new Map<string, string[]>()
  #kube: Kubectl | undefined
  #tracing: Awaited<ReturnType<typeof tracingOf>> | undefined

  /** Returns when all pods are ready. */
  async open(cluster: string, kubeconfig: string, objects: readonly object[]): Promise<void> {
    this.kubeconfig = kubeconfig
    this.#kube = kubectl('1.36', kubeconfig)
    await this.apply(...objects)
    await this.run('wait pods --all --for=condition=Ready --timeout=120s')
    for (const { name, id } of (await clusters()).find((one) => one.name === cluster)?.machines ?? []) {
      const asked = `get node ${name} -o jsonpath={.status.addresses[?(@.type=="InternalIP")].address}`
      const [address = '', six = ''] = (await this.run(asked)).split(' ')
      this.machines.set(name, { id, address, six })
    }
    const pods = await this.run('get pods -o custom-columns=n:.metadata.name,i:.status.podIPs[*].ip --no-headers')
    for (const line of pods.trimEnd().split('\n')) {
      const [name = '', ips = ''] = line.split(/\s+/)
      this.#pods.set(name, ips.split(','))
    }
    this.#tracing = await tracingOf(kubeconfig)
  }

  [Symbol.dispose](): void {
    this.#tracing?.[Symbol.dispose]()
  }

  readonly trace: RequestTracing['trace'] = (question) => this.#tracing!.trace(question)

  readonly run = async (line: string, input = ''): Promise<string> => {
    const { code, stdout, stderr } = await this.#kube!(line, { input, timeoutMs: 120_000 })
    expect(code, `kubectl ${line}\n${stdout}${stderr}`).toBe(0)
    return stdout
  }

  readonly apply = (...items: readonly object[]) =>
    this.run('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))

  /** What the client heard, one answer for each question. */
  readonly ask = async (...questions: string[]) =>
    (await this.run(ASK, questions.map((question) => `${question}\n`).join(''))).trimEnd().split('\n')

  readonly onMachine = async (name: string, script: string) => {
    const { id } = this.machines.get(name)!
    return (await command('docker', ['exec', id, '/usr/lib/podium/enter.sh', 'sh', '-c', script])).stdout
  }

  readonly nodeOf = (name: string) => this.machines.get(name)!.address
  readonly nodeSix = (name: string) => this.machines.get(name)!.six
  readonly ip = (pod: string) => this.#pods.get(pod)![0]!
  readonly six = (pod: string) => this.#pods.get(pod)![1]!

  /** From the host, which is on the machines' network and neither a pod nor a node. */
  readonly fromOutside = (address: string, port: number, patienceMs = 10_000) =>
    fetch(`http://${address}:${port}/`, { signal: AbortSignal.timeout(patienceMs) }).then((answer) => answer.text())

  readonly balancerOf = (name: string) =>
    until(`${name} has an address`, () =>
      this.run(`get service ${name} -o jsonpath={.status.loadBalancer.ingress[0].ip}`),
    )

  /** Changes a file of both machines, and waits until their node agents, started anew, have taken it up. */
  readonly change = async (script: string, question: string, answer: RegExp): Promise<void> => {
    const all = (line: string) => Promise.all([...this.machines.keys()].map((name) => this.onMachine(name, line)))
    await all(`${script} && pkill -f node-agent.mjs`)
    await until(`both machines say ${answer}`, async () => (await all(question)).every((said) => answer.test(said)))
  }

  /** By the machines' configuration file; returns when the rules are there in both families. */
  readonly takeMode = (mode: string) =>
    this.change(
      `sed -i 's/^mode:.*/mode: ${mode}/' /var/lib/kube-proxy/config.conf`,
      'curl -s localhost:10249/proxyMode; curl -s localhost:10249/metrics | grep -c ^kubeproxy_sync_proxy_rules_last_timestamp_seconds',
      new RegExp(`^${mode}2\\n$`),
    )
}
