// The objects of a definition that goes, taken from the store itself: none of its versions need be served, and no webhook is
// asked, which may have gone before. Upstream: apiextensions-apiserver/pkg/controller/finalizer/crd_finalizer.go.

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
  readonly #registry: Registry
  readonly #told: { clock: Clock; causes: CauseMap }

  constructor(registry: Registry, told: { clock: Clock; causes: CauseMap }) {
    this.#registry = registry
    this.#told = told
  }

  async list() {
    return (await this.#registry.list(ALL)).entries.map(({ object }) => object.metadata ?? {})
  }

  /** How many are left: those with finalizers of their own take their time. `because`: the revision of the definition. */
  async deleteAll(because: number): Promise<number> {
    for (const { namespace = '', name = '', deletionTimestamp } of await this.list()) {
      if (deletionTimestamp) continue
      const request = { namespace, name, gate: OPEN_GATE, dryRun: false, options: {} }
      await this.#registry.delete(this.#context(because), request).catch((err) => {
        if (!isNotFound(err)) throw err
      })
    }
    return (await this.list()).length
  }

  #context(because: number): RequestContext {
    const { clock, causes } = this.#told
    const id = randomUUID()
    const cause = causes.get(because)?.cause ?? id
    return new RequestContext({ id, auditId: id, client: CLIENT, userAgent: CLIENT, because, cause, clock })
  }
}
