// What a node may be told to be and tells of itself. Upstream: pkg/apis/core/validation ValidateNode, ValidateNodeUpdate.

import type { Node, NodeSpec, NodeStatus, Taint } from 'kubernetes-types/core/v1'
import { problemsAt, repetition } from '../apimachinery/field-checks.ts'
import { parseCidr, rangeProblems } from '../apimachinery/ip-rules.ts'
import { labelKeyProblems, labelValueProblems } from '../apimachinery/names.ts'
import { quantityOf } from '../apimachinery/quantity.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { declaredBy } from './placement/declared-features.ts'
import { isExtendedResource } from './pod-template/resources.ts'

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
const WHOLE = 1_000_000_000n

/** Upstream tells of them in metadata. */
export function taintErrors(taints: readonly Taint[]): FieldError[] {
  const isRepeated = repetition()
  return taints.flatMap(({ key = '', value = '', effect = '', timeAdded = null }, index) => {
    const at = `metadata.taints[${index}]`
    const problems = labelValueProblems(value)
    const isTold = isRepeated(`${key}:${effect}`)
    // Upstream shows its own form of what is told twice, whose names are Go's.
    const twice = fieldError.duplicate(at, { Key: key, Value: value, Effect: effect, TimeAdded: timeAdded })
    const message = `${twice.message}: taints must be unique by key and effect pair`
    return [
      ...problemsAt(`${at}.key`, key, labelKeyProblems(key)),
      ...(problems.length > 0 ? [fieldError.invalid(`${at}.value`, value, problems.join(';'))] : []),
      ...effectErrors(`${at}.effect`, effect),
      ...(isTold ? [{ ...twice, message }] : []),
    ]
  })
}

function effectErrors(field: string, effect: string): FieldError[] {
  if (!effect) return [fieldError.required(field)]
  return EFFECTS.includes(effect) ? [] : [fieldError.notSupported(field, effect, EFFECTS)]
}

export const amountsErrors = (status: NodeStatus | undefined): FieldError[] =>
  (['capacity', 'allocatable'] as const).flatMap((list) =>
    Object.entries(status?.[list] ?? {}).flatMap(([name, amount]) => {
      const field = `status.${list}.${name}`
      const { nanos } = quantityOf(amount)
      const isCounted = name === 'pods' || isExtendedResource(name)
      return [
        ...(nanos < 0n ? [fieldError.invalid(field, amount, 'must be greater than or equal to 0')] : []),
        ...(isCounted && nanos % WHOLE !== 0n ? [fieldError.invalid(field, amount, 'must be an integer')] : []),
      ]
    }),
  )

export function rangesErrors(cidrs: readonly string[]): FieldError[] {
  const field = 'spec.podCIDRs'
  const errors = cidrs.flatMap((cidr, index) => problemsAt(`${field}[${index}]`, cidr, rangeProblems(cidr)))
  const families = new Set(cidrs.map((cidr) => parseCidr(cidr)?.family))
  if (cidrs.length < 2 || (cidrs.length === 2 && families.size === 2)) return errors
  return [...errors, fieldError.invalid(field, cidrs, 'may specify no more than one CIDR for each IP family')]
}

export function addressesErrors(status: NodeStatus | undefined): FieldError[] {
  const seen = new Set<string>()
  return (status?.addresses ?? []).flatMap(({ type, address }, index) => {
    const shown = { Type: type, Address: address }
    const key = JSON.stringify(shown)
    if (seen.has(key)) return [fieldError.duplicate(`status.addresses[${index}]`, shown)]
    seen.add(key)
    return []
  })
}

const FEATURE = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/
const LONGEST_FEATURE = 253

/** Each once, and in their order. */
export function featuresErrors(node: Node): FieldError[] {
  const names = declaredBy(node)
  return names.flatMap((name, index) => {
    const at = `status.declaredFeatures[${index}]`
    const before = names[index - 1]
    const wrong = (why: string) => fieldError.invalid(at, name, `invalid feature name "${name}": ${why}`)
    return [
      ...(before === name ? [fieldError.duplicate(at, name)] : []),
      ...(before !== undefined && before > name
        ? [fieldError.invalid(at, name, 'list must be sorted alphabetically')]
        : []),
      ...(name.length > LONGEST_FEATURE
        ? [wrong(`must be no more than ${LONGEST_FEATURE} characters`)]
        : FEATURE.test(name)
          ? []
          : [wrong(NOT_A_FEATURE)]),
    ]
  })
}

const NOT_A_FEATURE =
  "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes"

/** Upstream tells of it in metadata. */
export function swapErrors(status: NodeStatus | undefined): FieldError[] {
  const { swap } = (status?.nodeInfo ?? {}) as { swap?: { capacity?: number } }
  if (swap?.capacity === undefined || swap.capacity > 0) return []
  return [fieldError.invalid('metadata.nodeSwapStatus.capacity', swap.capacity, 'must be greater than zero')]
}

/** What is said of a node once. */
export function keptErrors(next: NodeSpec = {}, previous: NodeSpec = {}): FieldError[] {
  const [cidrs, before] = [next.podCIDRs ?? [], previous.podCIDRs ?? []]
  const once = (what: string) => `node updates may not change ${what} except from "" to valid`
  const changed = cidrs.length === before.length ? before.filter((cidr, index) => cidr !== cidrs[index]) : [before]
  return [
    ...(before.length > 0 ? changed.map(() => fieldError.forbidden('spec.podCIDRs', once('podCIDR'))) : []),
    ...(previous.providerID && next.providerID !== previous.providerID
      ? [fieldError.forbidden('spec.providerID', once('providerID'))]
      : []),
    ...((next.externalID ?? '') === (previous.externalID ?? '')
      ? []
      : [fieldError.forbidden('spec.externalID', 'may not be updated')]),
  ]
}
