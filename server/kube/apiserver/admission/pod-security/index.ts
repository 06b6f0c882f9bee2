// PodSecurity: a namespace's labels say what its pods may not do. What is enforced is refused; what is audited or warned
// of is only told, of pods and of whatever makes them. Upstream: k8s.io/pod-security-admission/admission.

import type { PodSpec, Namespace as WireNamespace, Pod as WirePod } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../../apimachinery/deep.ts'
import type { ObjectMeta } from '../../../apimachinery/object-meta.ts'
import { invalid } from '../../../apimachinery/status-error.ts'
import { Namespace, Pod } from '../../../kinds/index.ts'
import { type AdmissionPlugin, type AdmissionReader, type AdmissionRequest, refusal } from '../admission.ts'
import { podTemplateOf } from '../pods.ts'
import type { AdmissionSettings } from '../settings.ts'
import { BASELINE, checkedPod, type Violation } from './checks.ts'
import { exemptBy } from './exemptions.ts'
import { isStricter, type LevelVersion, policyOf, shown } from './policy.ts'
import { OVERRIDDEN, RESTRICTED } from './restricted-checks.ts'

const IGNORED = new Set(['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status'])
const MOST_PODS = 3000
const LATEST_MINOR = Number.POSITIVE_INFINITY

type Settings = AdmissionSettings['podSecurity']

export const podSecurity = (settings: Settings): AdmissionPlugin => ({
  name: 'PodSecurity',
  handles: (request) => request.operation === 'CREATE' || request.operation === 'UPDATE',
  validate(request, reader) {
    const { kind, subresource } = request
    if (kind.group === '' && kind.kind === 'Namespace') {
      if (subresource === '') judgeNamespace(request, reader, settings)
    } else if (kind.group === '' && kind.kind === 'Pod') {
      if (!IGNORED.has(subresource)) judgePod(request, reader, settings)
    } else if (subresource === '') {
      const template = podTemplateOf(request)
      if (template) judge(request, reader, { ...template, isEnforced: false, settings })
    }
  },
})

function judgePod(request: AdmissionRequest, reader: AdmissionReader, settings: Settings): void {
  const [next, previous] = [request.object as WirePod, request.previous as WirePod | undefined]
  if (previous && !isSignificant(next, previous)) return
  if (next.spec) judge(request, reader, { metadata: next.metadata, spec: next.spec, isEnforced: true, settings })
}

/** Images, and containers that are new: nothing else of a pod's security can change. */
function isSignificant({ spec: next }: WirePod, { spec: previous }: WirePod): boolean {
  return (['containers', 'initContainers', 'ephemeralContainers'] as const).some((list) => {
    const images = (spec: PodSpec | undefined) => (spec?.[list] ?? []).map(({ name, image }) => [name, image])
    return !deepEqual(images(next), images(previous))
  })
}

function judge(
  request: AdmissionRequest,
  reader: AdmissionReader,
  told: { metadata?: ObjectMeta | undefined; spec: PodSpec; isEnforced: boolean; settings: Settings },
): void {
  const { defaults, exemptions } = told.settings
  const exempt = exemptBy(exemptions, request, told.spec)
  if (exempt) {
    request.annotate('pod-security.kubernetes.io/exempt', exempt)
    return
  }
  const { policy } = policyOf(reader.find(Namespace, '', request.namespace)?.metadata?.labels, defaults)
  const violationsAt = (at: LevelVersion) => {
    const violations = violationsOf(at, told.metadata, told.spec)
    return violations.length > 0 ? `PodSecurity "${shown(at)}": ${detailsOf(violations)}` : undefined
  }
  if (policy.audit.level !== 'privileged') {
    const found = violationsAt(policy.audit)
    if (found) request.annotate('pod-security.kubernetes.io/audit-violations', `would violate ${found}`)
  }
  if (told.isEnforced) {
    request.annotate('pod-security.kubernetes.io/enforce-policy', shown(policy.enforce))
    const found = violationsAt(policy.enforce)
    if (found) throw refusal(request, `violates ${found}`)
  }
  const found = violationsAt(policy.warn)
  if (found) request.warn(`would violate ${found}`)
}

const detailsOf = (violations: readonly Violation[]) =>
  violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ')

export function violationsOf(
  { level, version }: LevelVersion,
  metadata: ObjectMeta | undefined,
  spec: PodSpec,
): Violation[] {
  if (level === 'privileged') return []
  const pod = checkedPod(metadata, spec, version === 'latest' ? LATEST_MINOR : version)
  const isRestricted = level === 'restricted'
  const baseline = Object.entries(BASELINE).filter(([name]) => !isRestricted || !OVERRIDDEN.has(name))
  const checks = [...baseline.map(([, check]) => check), ...(isRestricted ? Object.values(RESTRICTED) : [])]
  return checks.flatMap((check) => check(pod) ?? [])
}

/** Labels have to be readable; whoever tightens them hears which pods there are that would no longer be let in. */
function judgeNamespace(request: AdmissionRequest, reader: AdmissionReader, { defaults }: Settings): void {
  const [next, previous] = [request.object as WireNamespace, request.previous as WireNamespace | undefined]
  const now = policyOf(next.metadata?.labels, defaults)
  const before = previous && policyOf(previous.metadata?.labels, defaults)
  if (now.errors.length > 0 && !deepEqual(now.errors, before?.errors)) {
    throw invalid({ group: '', kind: 'Namespace' }, next.metadata?.name ?? '', now.errors)
  }
  if (!before) return
  const [enforce, old] = [now.policy.enforce, before.policy.enforce]
  const isRelaxed = enforce.version === old.version && !isStricter(enforce.level, old.level)
  if (enforce.level === 'privileged' || isRelaxed || deepEqual(enforce, old)) return
  for (const warning of podWarnings(next.metadata?.name ?? '', enforce, reader)) request.warn(warning)
}

function podWarnings(namespace: string, enforce: LevelVersion, reader: AdmissionReader): string[] {
  const pods = reader.list(Pod, namespace)
  const names = new Map<string, string[]>()
  for (const { metadata, spec } of pods.slice(0, MOST_PODS)) {
    const reasons = spec ? violationsOf(enforce, metadata, spec).map(({ reason }) => reason) : []
    if (reasons.length === 0) continue
    const told = names.get(reasons.join(', ')) ?? []
    names.set(reasons.join(', '), [...told, metadata?.name ?? ''])
  }
  const checked = Math.min(pods.length, MOST_PODS)
  const warnings = [...names].map(([reasons, of]) => `${firstOf(of)}: ${reasons}`).sort()
  return [
    ...(checked < pods.length
      ? [`new PodSecurity enforce level only checked against the first ${checked} of ${pods.length} existing pods`]
      : []),
    ...(warnings.length > 0
      ? [`existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${shown(enforce)}"`]
      : []),
    ...warnings,
  ]
}

function firstOf(names: string[]): string {
  const [first = ''] = [...names].sort()
  if (names.length === 1) return first
  return names.length === 2 ? `${first} (and 1 other pod)` : `${first} (and ${names.length - 1} other pods)`
}
