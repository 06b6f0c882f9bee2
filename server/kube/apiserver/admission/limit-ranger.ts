// LimitRanger: how much one pod, container or claim may ask for, and what is given to containers that do not say.
// Upstream: kubernetes/plugin/pkg/admission/limitranger.

import type {
  Container,
  LimitRangeItem,
  PersistentVolumeClaim as WireClaim,
  Pod as WirePod,
} from 'kubernetes-types/core/v1'
import { LimitRange } from '../../kinds/index.ts'
import { amountsOf } from '../../kinds/quota/amounts.ts'
import { podAmounts } from '../../kinds/quota/pod-amounts.ts'
import { type AdmissionPlugin, type AdmissionRequest, refusal } from './admission.ts'
import { limitProblems } from './limit-rules.ts'
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
    if (!isPod(request)) return
    for (const { spec } of reader.list(LimitRange, request.namespace)) {
      const said = fillIn(request.object as WirePod, spec?.limits ?? [])
      if (said.length === 0 || !request.object) continue
      const annotations = {
        ...request.object.metadata?.annotations,
        [ANNOTATION]: `LimitRanger plugin set: ${said.join('; ')}`,
      }
      request.object.metadata = { ...request.object.metadata, annotations }
    }
  },

  validate(request, reader) {
    if (request.object?.metadata?.deletionTimestamp) return
    for (const { spec } of reader.list(LimitRange, request.namespace)) {
      const limits = spec?.limits ?? []
      const problems = isClaim(request)
        ? claimProblems(request.object as WireClaim, limits)
        : podProblems(request.object as WirePod, limits)
      const different = [...new Set(problems)]
      if (different.length === 1) throw refusal(request, different[0] ?? '')
      if (different.length > 1) throw refusal(request, `[${different.join(', ')}]`)
    }
  },
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

function podProblems({ spec }: WirePod, limits: readonly LimitRangeItem[]): string[] {
  if (!spec) return []
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  return limits.flatMap((item) => {
    if (item.type === 'Container') {
      return containers.flatMap(({ resources }) =>
        limitProblems(item, { requests: amountsOf(resources?.requests), limits: amountsOf(resources?.limits) }),
      )
    }
    if (item.type !== 'Pod') return []
    return limitProblems(item, { requests: podAmounts(spec, 'requests'), limits: podAmounts(spec, 'limits') })
  })
}

/** Claims have requests only. */
const claimProblems = ({ spec }: WireClaim, limits: readonly LimitRangeItem[]): string[] =>
  limits
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .flatMap((item) => limitProblems(item, { requests: amountsOf(spec?.resources?.requests) }))
