// The IngressClass: which controller looks after an Ingress. Upstream: kubernetes/pkg/registry/networking/ingressclass.

import type { IngressClassParametersReference, IngressClass as Wire } from 'kubernetes-types/networking/v1'
import { domainPrefixedPathErrors, immutable, oneOf, problemsAt } from '../apimachinery/field-checks.ts'
import { dnsLabelProblems } from '../apimachinery/names.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind } from './define-kind.ts'
import { typedReferenceErrors } from './networking/references.ts'

const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class'
const LONGEST_CONTROLLER = 250
const SCOPES = ['Cluster', 'Namespace']

export const isDefaultIngressClass = ({ metadata }: KubeObject) => metadata?.annotations?.[DEFAULT_CLASS] === 'true'

export const IngressClass = defineKind<Wire>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  namespaced: false,
  hasGeneration: true,
  strategy: {
    setDefaults({ spec }) {
      if (spec?.parameters) spec.parameters.scope ??= 'Cluster'
    },
    validate: ({ spec }) => [
      ...controllerErrors(spec?.controller),
      ...(spec?.parameters ? parametersErrors(spec.parameters, 'spec.parameters') : []),
    ],
    validateUpdate: (next, previous) => immutable('spec.controller', next.spec?.controller, previous.spec?.controller),
  },
  columns: [
    {
      name: 'Name',
      type: 'string',
      format: 'name',
      field: 'metadata.name',
      value: (one) => `${one.metadata?.name ?? ''}${isDefaultIngressClass(one) ? ' (default)' : ''}`,
    },
    {
      name: 'Controller',
      description: 'Controller that is responsible for handling this class',
      value: ({ spec }) => spec?.controller,
    },
    {
      name: 'Parameters',
      description: 'A reference to a resource with additional parameters',
      value({ spec }) {
        const { apiGroup, kind, name } = spec?.parameters ?? {}
        return kind ? `${apiGroup ? `${kind}.${apiGroup}` : kind}/${name}` : '<none>'
      },
    },
    ageColumn,
  ],
})

function controllerErrors(controller = ''): FieldError[] {
  const at = 'spec.controller'
  const errors = controller.length > LONGEST_CONTROLLER ? [fieldError.tooLong(at, LONGEST_CONTROLLER)] : []
  return [...errors, ...domainPrefixedPathErrors(at, controller)]
}

function parametersErrors(parameters: IngressClassParametersReference, at: string): FieldError[] {
  const { scope, namespace } = parameters
  const errors = typedReferenceErrors(parameters, at)
  if (scope === undefined) return [...errors, fieldError.required(`${at}.scope`)]
  errors.push(...oneOf(`${at}.scope`, scope, SCOPES))
  if (scope === 'Namespace') {
    if (namespace === undefined) {
      errors.push(fieldError.required(`${at}.namespace`, "`parameters.scope` is set to 'Namespace'"))
    } else errors.push(...problemsAt(`${at}.namespace`, namespace, dnsLabelProblems(namespace)))
  }
  if (scope === 'Cluster' && namespace !== undefined) {
    errors.push(fieldError.forbidden(`${at}.namespace`, "`parameters.scope` is set to 'Cluster'"))
  }
  return errors
}
