// LimitRanger: how much one pod, container or claim may ask for, and what is given to containers that do not say.
// Upstream: kubernetes/plugin/pkg/admission/limitranger.

import type {
  Container,
  LimitRangeItem,
  PersistentVolumeClaim as WireClaim,
  Pod as WirePod,
  LimitRange as WireRange,
} from 'kubernetes-types/core/v1'
import { Pace } from '../../../base/pace.ts'
import { ownOf } from '../../apimachinery/own.ts'
import { LimitRange } from '../../kinds/index.ts'
import { amountsOf } from '../../kinds/quota/amounts.ts'
import { podAmounts } from '../../kinds/quota/pod-amounts.ts'
import { type AdmissionPlugin, type AdmissionReader, type AdmissionRequest, refusal } from './admission.ts'
import { type Asked, limitProblems } from './limit-rules.ts'
import { isPod } from './pods.ts'

const ANNOTATION = 'kubernetes.io/limit-ranger'

const isClaim = ({ kind, subresource }: AdmissionRequest) =>
  kind.kind === 'PersistentVolumeClaim' && kind.group === '' && subresource === ''

export const limitRanger: AdmissionPlugin = {
  name: 'LimitRanger',
  handles: (request) =>
    (request.operation === 'CREATE' && (isPod(request) || isClaim(request))) ||
    (request.operation === 'UPDATE' && (isClaim(request) || request.subresource === 'resize')),

  mutate(request, reader) {
    const ranges = isPod(request) ? reader.list(LimitRange, request.namespace) : []
    return ranges.length > 0 ? fill(ranges, request, reader) : undefined
  },

  validate(request, reader) {
    if (request.object?.metadata?.deletionTimestamp) return undefined
    const ranges = reader.list(LimitRange, request.namespace)
    return ranges.length > 0 ? judge(ranges, request, reader) : undefined
  },
}

async function fill(
  ranges: readonly WireRange[],
  { object }: AdmissionRequest,
  reader: AdmissionReader,
): Promise<void> {
  const pace = new Pace(reader.clock)
  for (const { spec } of ranges) {
    const pause = pace.pause()
    if (pause) await pause
    const said = fillIn(object as WirePod, spec?.limits ?? [])
    if (said.length === 0 || !object) continue
    const annotations = { ...object.metadata?.annotations, [ANNOTATION]: `LimitRanger plugin set: ${said.join('; ')}` }
    object.metadata = { ...object.metadata, annotations }
  }
}

async function judge(ranges: readonly WireRange[], request: AdmissionRequest, reader: AdmissionReader): Promise<void> {
  const pace = new Pace(reader.clock)
  // Read once, however many limits there are.
  const asked = isClaim(request) ? askedByClaim(request.object as WireClaim) : askedByPod(request.object as WirePod)
  for (const { spec } of ranges) {
    const pause = pace.pause()
    if (pause) await pause
    const problems = (spec?.limits ?? []).flatMap((item) =>
      (ownOf(asked, item.type) ?? []).flatMap((one) => limitProblems(item, one)),
    )
    const different = [...new Set(problems)]
    if (different.length === 1) throw refusal(request, different[0] ?? '')
    if (different.length > 1) throw refusal(request, `[${different.join(', ')}]`)
  }
}

/** What was filled in, in words. */
function fillIn({ spec }: WirePod, limits: readonly LimitRangeItem[]): string[] {
  const items = limits.filter(({ type }) => type === 'Container')
  const preset: Record<string, string> = Object.assign({}, ...items.map((item) => item.default))
  const asked: Record<string, string> = Object.assign({}, ...items.map((item) => item.defaultRequest))
  const fill = (container: Container, what: string) => {
    const add = (list: 'requests' | 'limits', values: Record<string, string>) => {
      const own = container.resources?.[list] ?? {}
      const names = Object.keys(values).filter((name) => own[name] === undefined)
      if (names.length === 0) return []
      container.resources = { ...container.resources, [list]: { ...values, ...own } }
      return [`${names.sort().join(', ')} ${list.slice(0, -1)} for ${what} ${container.name}`]
    }
    const missing = [add('limits', preset), add('requests', asked)]
    return missing.reverse().flat()
  }
  return [
    ...(spec?.containers ?? []).flatMap((container) => fill(container, 'container')),
    ...(spec?.initContainers ?? []).flatMap((container) => fill(container, 'init container')),
  ]
}

/** By the type of limit that it is held against. */
type AskedOf = Readonly<Record<string, readonly Asked[]>>

function askedByPod({ spec }: WirePod): AskedOf {
  if (!spec) return {}
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  return {
    Container: containers.map(({ resources }) => ({
      requests: amountsOf(resources?.requests),
      limits: amountsOf(resources?.limits),
    })),
    Pod: [{ requests: podAmounts(spec, 'requests'), limits: podAmounts(spec, 'limits') }],
  }
}

/** Claims have requests only. */
const askedByClaim = ({ spec }: WireClaim): AskedOf => ({
  PersistentVolumeClaim: [{ requests: amountsOf(spec?.resources?.requests) }],
})
