import { expect, it } from 'vitest'
import { fieldOwners } from './field-owners.ts'

it('names the fields of each manager as people speak of them', () => {
  const container = { '.': {}, 'f:image': {} }
  const managedFields = [
    {
      manager: 'kubectl-create',
      fieldsV1: { 'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"nginx"}': container } } } } },
    },
    { manager: 'night-scaler', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
    {
      manager: 'kubectl',
      subresource: 'status',
      fieldsV1: { 'f:metadata': { 'f:finalizers': { 'v:"lab/keep"': {} } } },
    },
  ]
  expect(fieldOwners({ metadata: { managedFields } })).toEqual([
    { manager: 'kubectl-create', fields: ['spec.template.spec.containers[nginx].image'] },
    { manager: 'night-scaler', fields: ['spec.replicas'] },
    { manager: 'kubectl (status)', fields: ['metadata.finalizers["lab/keep"]'] },
  ])
})

it('has nothing to say of an object that nobody manages', () => {
  expect(fieldOwners({ metadata: {} })).toEqual([])
})
