// What people do to a simulated cluster while it storms.

import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { isConflict, isNotFound } from '../../apimachinery/status-error.ts'
import { createClient } from '../../client/client.ts'
import { CronJob } from '../../kinds/cron-job.ts'
import { DaemonSet } from '../../kinds/daemon-set.ts'
import { Deployment } from '../../kinds/deployment.ts'
import { Job } from '../../kinds/job.ts'
import { Namespace } from '../../kinds/namespace.ts'
import { Pod } from '../../kinds/pod.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { Service } from '../../kinds/service.ts'
import { ServiceAccount } from '../../kinds/service-account.ts'
import { StatefulSet } from '../../kinds/stateful-set.ts'
import type { Network } from './network.ts'

const namespace = 'default'
const merge = 'application/merge-patch+json'
export const FIXED_REPLICAS = 4
export const PARALLELISM = 2

const podOf = (app: string, spec: object = {}) => ({
  metadata: { labels: { app } },
  spec: {
    containers: [{ name: 'main', image: 'main:1', resources: { requests: { cpu: '100m' } } }],
    tolerations: ['not-ready', 'unreachable'].map((taint) => ({
      key: `node.kubernetes.io/${taint}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 3,
    })),
    ...spec,
  } as NonNullable<CorePod['spec']>,
})
const named = (name: string, inNamespace = namespace) => ({ namespace: inNamespace, name })
const selector = (app: string) => ({ matchLabels: { app } })

export class People {
  readonly #network: Network
  readonly #client

  constructor(network: Network) {
    this.#network = network
    this.#client = createClient(network.trusted('people'))
  }

  async create(): Promise<void> {
    const client = this.#client
    const deployment = (name: string, inNamespace = namespace) => ({
      metadata: named(name, inNamespace),
      spec: { replicas: 3, selector: selector(name), template: podOf(name) },
    })
    await this.#insist(() =>
      client.of(Service).create({ metadata: named('web'), spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } }),
    )
    for (const name of ['web', 'doomed']) await this.#insist(() => client.of(Deployment).create(deployment(name)))
    await this.#insist(() =>
      client.of(ReplicaSet).create({
        metadata: named('fixed'),
        spec: { replicas: FIXED_REPLICAS, selector: selector('fixed'), template: podOf('fixed') },
      }),
    )
    await this.#insist(() =>
      client.of(StatefulSet).create({
        metadata: named('db'),
        spec: { serviceName: 'db', replicas: 3, selector: selector('db'), template: podOf('db') },
      }),
    )
    await this.#insist(() =>
      client.of(DaemonSet).create({
        metadata: named('agent'),
        // As such agents are: others make room for it on a full machine.
        spec: { selector: selector('agent'), template: podOf('agent', { priorityClassName: 'system-node-critical' }) },
      }),
    )
    await this.#insist(() =>
      client.of(Job).create({
        metadata: named('work'),
        spec: {
          completions: 5,
          parallelism: PARALLELISM,
          backoffLimit: 100,
          completionMode: 'Indexed',
          template: podOf('work', { restartPolicy: 'Never' }),
        },
      }),
    )
    await this.#insist(() =>
      client.of(CronJob).create({
        metadata: named('cron'),
        spec: {
          schedule: '* * * * *',
          concurrencyPolicy: 'Forbid',
          jobTemplate: { spec: { backoffLimit: 100, template: podOf('cron', { restartPolicy: 'Never' }) } },
        },
      }),
    )
    await this.#insist(() => client.of(Namespace).create({ metadata: { name: 'temporary' } }))
    await this.#insist(() => client.of(ServiceAccount).get(named('default', 'temporary')))
    await this.#insist(() => client.of(Deployment).create(deployment('web', 'temporary')))
  }

  /** One of the things that people do all the time. */
  async act(): Promise<void> {
    const { dice } = this.#network
    const client = this.#client
    const change = (of: typeof Deployment | typeof StatefulSet | typeof DaemonSet, name: string, spec: object) =>
      this.#insist(() => client.of(of as typeof Deployment).patch(named(name), merge, { spec }))
    const image = `main:${dice.below(1000)}`
    const containers = [{ name: 'main', image, resources: { requests: { cpu: '100m' } } }]
    const template = { spec: { containers } }
    switch (dice.below(7)) {
      case 0:
        return change(Deployment, 'web', { replicas: dice.below(7) })
      case 1:
        return change(Deployment, 'web', { template })
      case 2:
        return change(StatefulSet, 'db', { replicas: 1 + dice.below(4) })
      case 3:
        return change(StatefulSet, 'db', { template })
      case 4:
        return change(DaemonSet, 'agent', { template })
      default:
        return this.#killSomePod()
    }
  }

  /** What goes away for good. */
  async leave(): Promise<void> {
    const { dice } = this.#network
    const propagationPolicy = dice.pick(['Background', 'Foreground'] as const)
    await this.#insist(() => this.#client.of(Deployment).delete(named('doomed'), { propagationPolicy }))
    await this.#insist(() => this.#client.of(Namespace).delete({ name: 'temporary' }))
  }

  /** What would go on for ever ends. */
  async rest(): Promise<void> {
    await this.#insist(() => this.#client.of(CronJob).patch(named('cron'), merge, { spec: { suspend: true } }))
  }

  async #killSomePod(): Promise<void> {
    await this.#insist(async () => {
      const { items } = await this.#client.of(Pod).list({ namespace })
      if (items.length === 0) return
      await this.#client.of(Pod).delete(named(this.#network.dice.pick(items).metadata?.name ?? ''))
    })
  }

  /** People try again when the server is down or somebody was quicker; what has gone has gone. */
  async #insist(act: () => Promise<unknown>): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await act()
        return
      } catch (err) {
        const isDown = err instanceof Error && /ECONN|killed/.test(err.message)
        if (tries > 200 || !(isDown || isConflict(err) || isNotFound(err))) throw err
        if (isNotFound(err) && tries > 20) return
        await this.#network.clock.sleep(500)
      }
    }
  }
}
