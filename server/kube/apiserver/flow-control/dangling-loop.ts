// Says of each flow schema whether its priority level exists: the requests of one that leads nowhere go on to the next.
// Upstream: apiserver/pkg/util/flowcontrol/apf_controller.go.

import type { FlowSchema as Wire } from 'kubernetes-types/flowcontrol/v1'
import { isoTime } from '../../../base/clock.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import { type Client, objectPath } from '../../client/client.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { ReconcileContext, Reconciler } from '../../client/reconcile-context.ts'
import { apiVersionOf } from '../../kinds/define-kind.ts'
import { FlowSchema, PriorityLevelConfiguration } from '../../kinds/index.ts'

const FIELD_MANAGER = 'api-priority-and-fairness-config-consumer-v1'

export const danglingLoop = controller('api-priority-and-fairness')
  .for(FlowSchema)
  .watches(PriorityLevelConfiguration, ({ type, object }, view) =>
    // What changes within a level makes no difference.
    type === 'updated' ? [] : schemasOf(view, object.metadata?.name),
  )
  .concurrency(1)
  .reconcileWith((view) => new DanglingReconciler(view))

const levelOf = ({ spec }: Wire) => spec?.priorityLevelConfiguration?.name ?? ''

const schemasOf = (view: ClusterView, level: string | undefined): string[] =>
  view
    .cache(FlowSchema)
    .list()
    .filter((schema) => levelOf(schema) === level)
    .map(({ metadata }) => metadata?.name ?? '')

class DanglingReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #schemas
  readonly #levels

  constructor(view: ClusterView) {
    this.#view = view
    this.#schemas = view.cache(FlowSchema)
    this.#levels = view.cache(PriorityLevelConfiguration)
  }

  async reconcile({ key, client, report }: ReconcileContext): Promise<void> {
    const schema = this.#schemas.get(key)
    if (!schema) return
    report.sees(schema)
    const said = await sayWhetherDangling(client, schema, {
      isThere: this.#levels.get(levelOf(schema)) !== undefined,
      now: isoTime(this.#view.clock),
    })
    if (said) report.did.push(said)
  }
}

/** Writes nothing that is said already; tells what it has said. */
export async function sayWhetherDangling(
  client: Client,
  schema: Wire,
  { isThere, now }: { isThere: boolean; now: string },
): Promise<string | undefined> {
  const { name = '', uid } = schema.metadata ?? {}
  const found = conditionOf(levelOf(schema), isThere)
  const before = schema.status?.conditions?.find(({ type }) => type === found.type)
  if (before?.status === found.status && before.message === found.message) return undefined
  const lastTransitionTime = (before?.status === found.status && before.lastTransitionTime) || now
  try {
    await client.transport.request({
      method: 'PATCH',
      path: objectPath(FlowSchema, { name }, 'status'),
      query: { fieldManager: FIELD_MANAGER, force: 'true' },
      contentType: 'application/apply-patch+yaml',
      body: {
        apiVersion: apiVersionOf(FlowSchema),
        kind: FlowSchema.kind,
        // Of this very one: one made anew under its name must not be told of an older one's level.
        metadata: { name, ...(uid ? { uid } : {}) },
        status: { conditions: [{ ...found, lastTransitionTime }] },
      },
    })
  } catch (err) {
    if (!isNotFound(err)) throw err
  }
  return found.message
}

function conditionOf(level: string, isThere: boolean) {
  const named = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`
  return isThere
    ? { type: 'Dangling', status: 'False', reason: 'Found', message: `${named} and it exists` }
    : { type: 'Dangling', status: 'True', reason: 'NotFound', message: `${named} but there is no such object` }
}
