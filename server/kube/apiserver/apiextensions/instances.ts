// The objects of a definition that goes, taken from the store itself: none of its versions need be served, and no webhook of
// admission is asked, which may have gone before. That of conversion is, for those that lie there in another version.
// Upstream: apiextensions-apiserver/pkg/controller/finalizer/crd_finalizer.go.

import { randomUUID } from 'node:crypto'
import type { Clock } from '../../../base/clock.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import { OPEN_GATE } from '../endpoints/object-endpoints.ts'
import type { Registry } from '../registry/registry.ts'
import { RequestContext } from '../request-path/request-context.ts'
import type { CauseMap } from '../watch-cache/cause-map.ts'

const ALL = {
  namespace: '',
  selection: { labels: undefined, fields: [] },
  resourceVersion: '',
  resourceVersionMatch: '',
  limit: 0,
  continueToken: '',
}
/** As the requests of the loop that asks for it are called. */
const CLIENT = 'kube-apiserver/crd'

export class Instances {
  readonly #registry: Pick<Registry, 'list' | 'delete'>
  readonly #told: { clock: Clock; causes: CauseMap }

  constructor(registry: Pick<Registry, 'list' | 'delete'>, told: { clock: Clock; causes: CauseMap }) {
    this.#registry = registry
    this.#told = told
  }

  async list() {
    return (await this.#registry.list(ALL)).entries.map(({ object }) => object.metadata ?? {})
  }

  /**
   * How many are left: those with finalizers of their own take their time. `because`: the revision of the definition. The first
   * that cannot be deleted ends the work on its namespace, and no other's.
   */
  async deleteAll(because: number): Promise<number> {
    const failed = new Map<string, Error>()
    for (const { namespace = '', name = '', deletionTimestamp } of await this.list()) {
      if (deletionTimestamp || failed.has(namespace)) continue
      const request = { namespace, name, gate: OPEN_GATE, dryRun: false, options: {} }
      await this.#registry.delete(this.#context(because), request).catch((err) => {
        if (!isNotFound(err)) failed.set(namespace, err)
      })
    }
    if (failed.size > 0) throw together([...failed.values()])
    return (await this.list()).length
  }

  #context(because: number): RequestContext {
    const { clock, causes } = this.#told
    const id = randomUUID()
    const cause = causes.get(because)?.cause ?? id
    return new RequestContext({ id, auditId: id, client: CLIENT, userAgent: CLIENT, because, cause, clock })
  }
}

/** Upstream's utilerrors.NewAggregate: what several say alike is said once. */
function together(errors: readonly Error[]): Error {
  const words = [...new Set(errors.map(({ message }) => message))]
  return new AggregateError(errors, words.length > 1 ? `[${words.join(', ')}]` : words[0])
}
