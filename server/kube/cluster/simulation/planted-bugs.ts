// Bugs of the kind that shows only when something goes wrong at the wrong moment. Each is planted in what is shipped, one
// at a time, and the simulation must notice it: the test of the test.

import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { isExpired } from '../../apimachinery/status-error.ts'
import { type Client, createClient } from '../../client/client.ts'
import type { ClusterView, ControllerDefinition } from '../../client/controller-builder.ts'
import { Expectations } from '../../client/expectations.ts'
import type { IndexedCache } from '../../client/indexed-cache.ts'
import { RateLimitingQueue } from '../../client/rate-limiting-queue.ts'
import type { TransportRequest } from '../../client/transport.ts'
import type { AnyKind, Kind } from '../../kinds/define-kind.ts'
import { Node } from '../../kinds/node.ts'
import { PodDisruptionBudget } from '../../kinds/pod-disruption-budget.ts'
import { DeviceView } from '../../scheduler/devices/device-view.ts'
import { SchedulerCache } from '../../scheduler/scheduler-cache.ts'
import type { Sabotage } from './simulation.ts'

export interface PlantedBug {
  name: string
  /** Changes what is shipped until disposed. */
  plant?: () => Disposable
  sabotage?: Sabotage
  /** How it is noticed. */
  noticed: RegExp
  /** The first storm that showed it; 1 unless told. Only spares the ones before: when storms change, a later one will do. */
  from?: number
}

/** A method does something else for a while. */
function instead<T extends object, K extends keyof T>(prototype: T, method: K, other: T[K]): Disposable {
  const own = prototype[method]
  prototype[method] = other
  return {
    [Symbol.dispose]() {
      prototype[method] = own
    },
  }
}

const inLoop = (name: string, change: (loop: ControllerDefinition) => ControllerDefinition): Sabotage => ({
  definitions: (all) => all.map((loop) => (loop.name === name ? change(loop) : loop)),
})

/** The loop believes that these writes were done. */
function swallowing(isSwallowed: (request: TransportRequest) => boolean) {
  return (loop: ControllerDefinition): ControllerDefinition => ({
    ...loop,
    reconcilerFor(view, enqueue) {
      const own = loop.reconcilerFor(view, enqueue)
      return { reconcile: (context) => own.reconcile({ ...context, client: wrapped(context.client) }) }
    },
  })
  function wrapped({ transport }: Client): Client {
    return createClient({
      ...transport,
      request: async (request) => (isSwallowed(request) ? { metadata: {} } : transport.request(request)),
    })
  }
}

/** The loop sees less of the objects of a kind than there is to see. */
const blindTo = <T extends KubeObject>(kind: Kind<T>, less: (object: T) => T) => {
  const shorten = (cache: IndexedCache<T>) =>
    new Proxy(cache, {
      get(target, property) {
        const own = Reflect.get(target, property)
        if (typeof own !== 'function') return own
        if (property !== 'get') return own.bind(target)
        return (key: string) => {
          const object = target.get(key)
          return object && less(object)
        }
      },
    })
  return (loop: ControllerDefinition): ControllerDefinition => ({
    ...loop,
    reconcilerFor(view, enqueue) {
      const cache: ClusterView['cache'] = (asked) =>
        (asked as AnyKind) === kind ? (shorten(view.cache(kind)) as never) : view.cache(asked)
      return loop.reconcilerFor({ ...view, cache }, enqueue)
    },
  })
}

const isOf = ({ path }: TransportRequest, plural: string) => path.split('/').includes(plural)

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'a turn that failed is not tried again',
    plant: () => instead(RateLimitingQueue.prototype, 'addRateLimited', () => undefined),
    noticed: /./,
  },
  {
    name: 'a loop counts before it has heard of what it did',
    plant: () => instead(Expectations.prototype, 'waitMs', () => 0),
    noticed: /has more than \d pods at once|runs twice at once/,
  },
  {
    name: 'a broken watch goes on from now, not from where it broke',
    sabotage: {
      transport: (transport) => ({
        ...transport,
        watch: ({ query = {}, ...request }) => {
          const { resourceVersion: _, ...rest } = query
          return transport.watch({ ...request, query: rest })
        },
      }),
    },
    noticed: /./,
  },
  {
    name: 'a watch that is too old is asked for again instead of beginning anew',
    sabotage: {
      transport: (transport) => ({
        ...transport,
        watch: async (request) => {
          const reset = (err: unknown): never => {
            throw isExpired(err) ? new Error('read ECONNRESET') : err
          }
          const pieces = await transport.watch(request).catch(reset)
          return (async function* () {
            try {
              yield* pieces
            } catch (err) {
              reset(err)
            }
          })()
        },
      }),
    },
    noticed: /./,
  },
  {
    name: 'the disk says that it has what it has not',
    sabotage: { disk: { ignoreDatasync: true } },
    noticed: /is lost: the store begins at|store is corrupt/,
    from: 9,
  },
  {
    name: 'the Deployment loop does not hear of its ReplicaSets',
    sabotage: inLoop('deployment', (loop) => ({ ...loop, wakes: loop.wakes.slice(0, 1) })),
    noticed: /Deployment \S+ has/,
  },
  {
    name: 'the Job loop leaves its finalizer on pods that are over',
    sabotage: inLoop(
      'job',
      swallowing((request) => request.method === 'PATCH' && isOf(request, 'pods')),
    ),
    noticed: /Job \S+|never goes/,
  },
  {
    name: 'the collector leaves what a deleted owner had',
    sabotage: inLoop(
      'garbage-collector',
      swallowing(({ method }) => method === 'DELETE'),
    ),
    noticed: /is an orphan|never goes/,
  },
  {
    name: 'the collector does not finish a deletion in the foreground',
    sabotage: inLoop(
      'garbage-collector',
      swallowing(({ method }) => method === 'PATCH'),
    ),
    noticed: /never goes/,
  },
  {
    name: 'a leader works on though its Lease has run out',
    sabotage: { renewDeadlineMs: 10 * 60_000 },
    // Two who do the same may also undo each other's work for ever.
    noticed: /lead as \S+ at once|never rests/,
    from: 27,
  },
  {
    name: 'the scheduler never hears that a place is free again',
    plant: () => instead(SchedulerCache.prototype, 'remove', () => undefined),
    noticed: / has | is on |of 5/,
    from: 2,
  },
  {
    name: 'the namespace loop empties a namespace and does not let it go',
    sabotage: inLoop(
      'namespace',
      swallowing(({ method }) => method === 'PUT'),
    ),
    noticed: /namespace temporary is still there/,
  },
  {
    name: 'the collector takes along what was to be left behind',
    sabotage: inLoop(
      'garbage-collector',
      swallowing(({ method, path }) => method === 'PATCH' && path.includes('/replicasets/orphan-')),
    ),
    noticed: /orphans are/,
  },
  {
    name: 'the autoscaler looks once, and never again',
    sabotage: inLoop('horizontal-pod-autoscaler', (loop) => ({
      ...loop,
      reconcilerFor(view, enqueue) {
        const own = loop.reconcilerFor(view, enqueue)
        return { reconcile: async (context) => void (await own.reconcile(context)) }
      },
    })),
    noticed: /elastic|autoscaler/,
  },
  {
    name: 'the disruption loop counts pods that were let go until it hears that they have gone',
    sabotage: inLoop(
      'disruption',
      blindTo(PodDisruptionBudget, ({ status, ...budget }) =>
        status ? { ...budget, status: { ...status, disruptedPods: {} } } : budget,
      ),
    ),
    noticed: /were let go/,
    from: 7,
  },
  {
    name: 'disks are taken away without asking whether they are in use',
    sabotage: inLoop(
      'persistentvolume-attach-detach',
      blindTo(Node, (node) => ({ ...node, status: { ...node.status, volumesInUse: [] } })),
    ),
    noticed: /is taken from/,
    from: 65,
  },
  {
    name: 'the provisioner does not let go of what it has removed',
    sabotage: inLoop(
      'local-path-provisioner',
      swallowing(({ method }) => method === 'PATCH'),
    ),
    noticed: /without its claim/,
  },
  {
    name: 'the scheduler forgets which devices it gives to others at this moment',
    plant: () => instead(DeviceView.prototype, 'promise', () => undefined),
    noticed: /device \S+ is given to two at once/,
  },
  {
    name: 'devices are not taken back from pods that are over',
    sabotage: inLoop(
      'resourceclaim',
      swallowing(({ method }) => method === 'PUT'),
    ),
    noticed: /claims have the devices|never goes|ReplicaSet/,
  },
]
