// The NetworkPolicy: who may talk to the pods it selects. Upstream: pkg/apis/networking/{v1/defaults.go,validation}.

import type {
  IPBlock,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
  NetworkPolicy as Wire,
} from 'kubernetes-types/networking/v1'
import { oneOf, problemsAt } from '../apimachinery/field-checks.ts'
import { isStrictlyWithin, parseCidr, rangeProblems } from '../apimachinery/ip-rules.ts'
import { rangeWarnings } from '../apimachinery/ip-warnings.ts'
import { type LabelSelector, labelSelectorErrors } from '../apimachinery/label-selector.ts'
import { portNameProblems, portNumberProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { shownSelector } from './pod-template/template-owner.ts'

const PROTOCOLS = ['TCP', 'UDP', 'SCTP']
const TYPES = ['Ingress', 'Egress']

export const NetworkPolicy = defineKind<Wire>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  shortNames: ['netpol'],
  hasGeneration: true,
  strategy: {
    setDefaults({ spec }) {
      if (!spec) return
      for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
        for (const port of rule.ports ?? []) port.protocol ??= 'TCP'
      }
      if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? [...TYPES] : ['Ingress']
    },
    validate: ({ spec }, previous) => (spec ? specErrors(spec, rangesOf(previous?.spec)) : []),
    warnings({ spec: { ingress = [], egress = [] } = {} }) {
      const from = ingress.flatMap((rule, index) => blockWarnings(`spec.ingress[${index}].from`, rule.from))
      return [...from, ...egress.flatMap((rule, index) => blockWarnings(`spec.egress[${index}].to`, rule.to))]
    },
  },
  columns: [
    nameColumn,
    { name: 'Pod-Selector', field: 'spec.podSelector', value: ({ spec }) => shownSelector(spec?.podSelector) },
    ageColumn,
  ],
})

const blockWarnings = (at: string, peers: readonly NetworkPolicyPeer[] = []): string[] =>
  peers.flatMap(({ ipBlock }, index) => {
    if (!ipBlock) return []
    const block = `${at}[${index}].ipBlock`
    const excepted = (ipBlock.except ?? []).flatMap((range, i) => rangeWarnings(`${block}.except[${i}]`, range))
    return [...rangeWarnings(`${block}.cidr`, ipBlock.cidr), ...excepted]
  })

/** Ranges that were taken before keep being taken, wherever they stand now. */
function rangesOf({ ingress = [], egress = [] }: Partial<NetworkPolicySpec> = {}): ReadonlySet<string> {
  const peers = [...ingress.flatMap(({ from = [] }) => from), ...egress.flatMap(({ to = [] }) => to)]
  return new Set(peers.flatMap(({ ipBlock }) => (ipBlock ? [ipBlock.cidr, ...(ipBlock.except ?? [])] : [])))
}

function specErrors(
  { podSelector, ingress = [], egress = [], policyTypes = [] }: NetworkPolicySpec,
  known: ReadonlySet<string>,
): FieldError[] {
  const errors = labelSelectorErrors(podSelector as LabelSelector, 'spec.podSelector')
  for (const [index, { ports = [], from = [] }] of ingress.entries()) {
    errors.push(...ruleErrors(`spec.ingress[${index}]`, ports, { side: 'from', peers: from, known }))
  }
  for (const [index, { ports = [], to = [] }] of egress.entries()) {
    errors.push(...ruleErrors(`spec.egress[${index}]`, ports, { side: 'to', peers: to, known }))
  }
  if (policyTypes.length > TYPES.length) {
    return [...errors, fieldError.invalid('spec.policyTypes', policyTypes, 'may not specify more than two policyTypes')]
  }
  return [...errors, ...policyTypes.flatMap((type, index) => oneOf(`spec.policyTypes[${index}]`, type, TYPES))]
}

const ruleErrors = (
  at: string,
  ports: readonly NetworkPolicyPort[],
  { side, peers, known }: { side: 'from' | 'to'; peers: readonly NetworkPolicyPeer[]; known: ReadonlySet<string> },
): FieldError[] => [
  ...ports.flatMap((port, index) => portErrors(port, `${at}.ports[${index}]`)),
  ...peers.flatMap((peer, index) => peerErrors(peer, `${at}.${side}[${index}]`, known)),
]

function portErrors({ protocol, port, endPort }: NetworkPolicyPort, at: string): FieldError[] {
  const errors = protocol === undefined ? [] : oneOf(`${at}.protocol`, protocol, PROTOCOLS)
  if (port === undefined) {
    if (endPort === undefined) return errors
    return [
      ...errors,
      fieldError.invalid(`${at}.endPort`, endPort, 'may not be specified when `port` is not specified'),
    ]
  }
  if (typeof port === 'string') {
    if (endPort !== undefined) {
      errors.push(fieldError.invalid(`${at}.endPort`, endPort, 'may not be specified when `port` is non-numeric'))
    }
    return [...errors, ...problemsAt(`${at}.port`, port, portNameProblems(port))]
  }
  errors.push(...problemsAt(`${at}.port`, port, portNumberProblems(port)))
  if (endPort === undefined) return errors
  if (endPort < port) errors.push(fieldError.invalid(`${at}.endPort`, port, 'must be greater than or equal to `port`'))
  return [...errors, ...problemsAt(`${at}.endPort`, endPort, portNumberProblems(endPort))]
}

function peerErrors(
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  at: string,
  known: ReadonlySet<string>,
): FieldError[] {
  const errors = [
    ...labelSelectorErrors(podSelector as LabelSelector | undefined, `${at}.podSelector`),
    ...labelSelectorErrors(namespaceSelector as LabelSelector | undefined, `${at}.namespaceSelector`),
    ...(ipBlock ? blockErrors(ipBlock, `${at}.ipBlock`, known) : []),
  ]
  if (!podSelector && !namespaceSelector && !ipBlock) errors.push(fieldError.required(at, 'must specify a peer'))
  if (ipBlock && (podSelector || namespaceSelector)) {
    errors.push(fieldError.forbidden(at, 'may not specify both ipBlock and another peer'))
  }
  return errors
}

function blockErrors({ cidr, except = [] }: IPBlock, at: string, known: ReadonlySet<string>): FieldError[] {
  if (!cidr) return [fieldError.required(`${at}.cidr`)]
  const problems = (field: string, text: string) =>
    known.has(text) ? [] : problemsAt(field, text, rangeProblems(text))
  const errors = problems(`${at}.cidr`, cidr)
  const range = parseCidr(cidr)
  if (!range) return errors
  for (const [index, text] of except.entries()) {
    const field = `${at}.except[${index}]`
    errors.push(...problems(field, text))
    const hole = parseCidr(text)
    if (hole && !isStrictlyWithin(hole, range)) {
      errors.push(fieldError.invalid(field, text, 'must be a strict subset of `cidr`'))
    }
  }
  return errors
}
