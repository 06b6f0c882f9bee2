// The Ingress: which Service answers for which host and path. Upstream: kubernetes/pkg/registry/networking/ingress.

import type { Ingress as Wire } from 'kubernetes-types/networking/v1'
import { problemsAt } from '../apimachinery/field-checks.ts'
import { dnsSubdomainProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { balancerErrors } from './networking/balancer-status.ts'
import { backendErrors, ruleErrors, tlsErrors } from './networking/ingress-rules.ts'

export const INGRESS_CLASS_ANNOTATION = 'kubernetes.io/ingress.class'
const SHOWN_HOSTS = 3

export const Ingress = defineKind<Wire>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  shortNames: ['ing'],
  hasGeneration: true,
  subresources: ['status'],
  strategy: {
    validate({ spec }, previous) {
      const { rules = [], defaultBackend, tls = [], ingressClassName } = spec ?? {}
      const errors: FieldError[] = []
      if (rules.length === 0 && !defaultBackend) {
        errors.push(
          fieldError.invalid('spec', spec?.rules ?? null, 'either `defaultBackend` or `rules` must be specified'),
        )
      }
      if (defaultBackend) errors.push(...backendErrors(defaultBackend, 'spec.defaultBackend'))
      errors.push(...ruleErrors(rules, 'spec.rules', previous), ...tlsErrors(tls, 'spec.tls', previous))
      if (ingressClassName !== undefined) {
        errors.push(...problemsAt('spec.ingressClassName', ingressClassName, dnsSubdomainProblems(ingressClassName)))
      }
      return errors
    },
    validateCreate({ metadata, spec }) {
      const annotation = metadata?.annotations?.[INGRESS_CLASS_ANNOTATION]
      const className = spec?.ingressClassName
      if (annotation === undefined || className === undefined || annotation === className) return []
      return [
        fieldError.invalid(
          `annotations.${INGRESS_CLASS_ANNOTATION}`,
          annotation,
          'must match `ingressClassName` when both are specified',
        ),
      ]
    },
    validateStatusUpdate: ({ status }, { status: previous }) =>
      balancerErrors(status?.loadBalancer, previous?.loadBalancer),
    warnings: ({ metadata, spec }, previous) =>
      previous ||
      metadata?.annotations?.[INGRESS_CLASS_ANNOTATION] === undefined ||
      spec?.ingressClassName !== undefined
        ? []
        : [`annotation "${INGRESS_CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`],
  },
  columns: [
    nameColumn,
    {
      name: 'Class',
      description: 'The name of the IngressClass resource that should be used for additional configuration',
      value: ({ spec }) => spec?.ingressClassName ?? '<none>',
    },
    {
      name: 'Hosts',
      description: 'Hosts that incoming requests are matched against before the ingress rule',
      value: shownHosts,
    },
    {
      name: 'Address',
      description: 'Address is a list containing ingress points for the load-balancer',
      value: shownAddress,
    },
    {
      name: 'Ports',
      description: 'Ports of TLS configurations that open',
      value: ({ spec }) => (spec?.tls?.length ? '80, 443' : '80'),
    },
    ageColumn,
  ],
})

/** Three hosts; of what comes after the third every rule counts, also those before that are for any host. */
function shownHosts({ spec }: Wire): string {
  const hosts = (spec?.rules ?? []).map(({ host }) => host ?? '')
  const named = hosts.filter(Boolean).slice(0, SHOWN_HOSTS)
  if (named.length === 0) return '*'
  const isThird = (index: number) => hosts.slice(0, index + 1).filter(Boolean).length === SHOWN_HOSTS
  const third = hosts.findIndex((_, index) => isThird(index))
  const hasMore = third >= 0 && third < hosts.length - 1
  return named.join(',') + (hasMore ? ` + ${hosts.length - SHOWN_HOSTS} more...` : '')
}

function shownAddress({ status }: Wire): string {
  const all = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter(Boolean)
  return [...new Set(all)].sort().join(',')
}
