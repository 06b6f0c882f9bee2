// Which nodes are meant, by labels and by name. Upstream: pkg/apis/core/validation ValidateNodeSelector.

import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from 'kubernetes-types/core/v1'
import { problemsAt } from '../../apimachinery/field-checks.ts'
import { dnsSubdomainProblems, labelKeyProblems, labelValueProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

const NO_OPERATOR = 'not a valid selector operator'

export function nodeSelectorErrors(selector: NodeSelector, at: string): FieldError[] {
  const terms = selector.nodeSelectorTerms ?? []
  const field = `${at}.nodeSelectorTerms`
  if (terms.length === 0) return [fieldError.required(field, 'must have at least one node selector term')]
  return terms.flatMap((term, index) => nodeTermErrors(term, `${field}[${index}]`, { areValuesLabels: true }))
}

/** Values that no label can have match nothing, which harms nobody where a term is only preferred. */
export function nodeTermErrors(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  at: string,
  { areValuesLabels }: { areValuesLabels: boolean },
): FieldError[] {
  return [
    ...matchExpressions.flatMap((requirement, index) => {
      const here = `${at}.matchExpressions[${index}]`
      const { key = '', values = [] } = requirement
      const errors = [...operatorErrors(requirement, here), ...problemsAt(`${here}.key`, key, labelKeyProblems(key))]
      if (!areValuesLabels) return errors
      return [
        ...errors,
        ...values.flatMap((value, place) => problemsAt(`${here}.values[${place}]`, value, labelValueProblems(value))),
      ]
    }),
    ...matchFields.flatMap((requirement, index) => fieldErrors(requirement, `${at}.matchFields[${index}]`)),
  ]
}

function operatorErrors({ operator = '', values = [] }: NodeSelectorRequirement, at: string): FieldError[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0
        ? []
        : [fieldError.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'")]
    case 'Exists':
    case 'DoesNotExist': {
      const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
      return values.length > 0 ? [fieldError.forbidden(`${at}.values`, why)] : []
    }
    case 'Gt':
    case 'Lt':
      return values.length === 1
        ? []
        : [fieldError.required(`${at}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'")]
    default:
      return [fieldError.invalid(`${at}.operator`, operator, NO_OPERATOR)]
  }
}

function fieldErrors({ key = '', operator = '', values = [] }: NodeSelectorRequirement, at: string): FieldError[] {
  const errors: FieldError[] = []
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(fieldError.invalid(`${at}.operator`, operator, NO_OPERATOR))
  } else if (values.length !== 1) {
    const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
    errors.push(fieldError.required(`${at}.values`, why))
  }
  if (key !== 'metadata.name') {
    return [...errors, fieldError.invalid(`${at}.key`, key, 'not a valid field selector key')]
  }
  return [
    ...errors,
    ...values.flatMap((value, index) => problemsAt(`${at}.values[${index}]`, value, dnsSubdomainProblems(value))),
  ]
}
