// Cells that are easily told otherwise than upstream's printers tell them: pkg/printers/internalversion/printers.go.

import { describe, expect, it } from 'vitest'
import { textOf } from '../schemas/descriptions.ts'
import { loadSchemas } from '../schemas/load-schemas.ts'
import type { AnyKind } from './define-kind.ts'
import {
  builtInKinds,
  CertificateSigningRequest,
  CronJob,
  CSIDriver,
  CSIStorageCapacity,
  EndpointSlice,
  Endpoints,
  Event,
  FlowSchema,
  HorizontalPodAutoscaler,
  Ingress,
  IngressClass,
  Node,
  Pod,
  PriorityClass,
  Service,
  ServiceAccount,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from './index.ts'
import { servedKinds } from './other-version.ts'
import { row } from './testing/kind-facts.ts'

const firstTimestamp = '2026-01-01T00:00:00Z'
const balanced = (...ingress: object[]) => ({ status: { loadBalancer: { ingress } } })

const hosts = (...names: string[]) => names.map((host) => (host ? { host } : {}))

describe('columns', () => {
  const schemas = loadSchemas()
  const textsOf = (kind: AnyKind) =>
    kind.columns.map(({ name, field, fieldOf, description = '' }) => {
      return [name, field ? textOf(schemas, fieldOf ?? kind, field) : description] as const
    })

  it('each say what they show; the only one that does not says nothing upstream either', () => {
    const silent = servedKinds(builtInKinds).flatMap((kind) =>
      textsOf(kind).flatMap(([name, text]) => (text ? [] : [`${kind.kind} ${name}`])),
    )
    expect(silent).toEqual(['RuntimeClass Handler'])
  })

  it('say what the documentation says of a field, also of one that another version has not got', () => {
    const [first, second] = servedKinds(builtInKinds).filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
    expect(textsOf(second!)).toEqual(textsOf(first!))
    expect(new Map(textsOf(second!)).get('Targets')).toContain('specifications for which to use to calculate')
    expect(new Map(textsOf(Pod)).get('Age')).toContain('CreationTimestamp is a timestamp')
  })

  it('of ServiceAccounts count no Secrets, which nothing gives them any more', () => {
    expect(ServiceAccount.columns.map(({ name }) => name)).toEqual(['Name', 'Age'])
  })

  it('are of a type that the cells need not have', () => {
    const types = (kind: AnyKind) => kind.columns.filter(({ type }) => type === 'boolean').map(({ name }) => name)
    expect([CronJob, PriorityClass, VolumeAttachment, CSIDriver].map(types)).toEqual([
      ['Suspend'],
      ['Global-Default'],
      ['Attached'],
      ['AttachRequired', 'PodInfoOnMount', 'StorageCapacity', 'RequiresRepublish'],
    ])
  })
})

describe('cells', () => {
  it.each<[AnyKind, object, object]>([
    [
      Event,
      { firstTimestamp, lastTimestamp: '2026-01-01T00:30:00Z', count: 6, involvedObject: { kind: 'Pod', name: 'a' } },
      { 'Last Seen': '30m', 'First Seen': '60m', Count: 6, Object: 'pod/a' },
    ],
    [
      Event,
      { eventTime: firstTimestamp, reportingComponent: 'a', reportingInstance: 'b', involvedObject: { kind: 'Node' } },
      { 'Last Seen': '60m', Count: 1, Object: 'node', Source: 'a, b' },
    ],
    [
      Node,
      { status: { nodeInfo: { kernelVersion: '6.1', architecture: 'arm64' } } },
      { 'Kernel-Version': '6.1 (arm64)' },
    ],
    [Node, { status: { nodeInfo: { architecture: 'arm64' } } }, { 'Kernel-Version': '<unknown> (arm64)' }],
    [Node, {}, { 'Kernel-Version': '<unknown>' }],
    [
      IngressClass,
      { metadata: { name: 'a', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } } },
      { Name: 'a (default)' },
    ],
    [
      // By a clock that is ahead by less than two seconds.
      ServiceAccount,
      { metadata: { name: 'a', creationTimestamp: '2026-01-01T01:00:01.9Z' } },
      { Name: 'a', Age: '0s' },
    ],
    [
      Ingress,
      {
        metadata: { annotations: { 'kubernetes.io/ingress.class': 'old' } },
        ...balanced({ hostname: 'b.a-rather-long-name.example.com' }, { ip: '10.0.0.1' }),
      },
      { Class: '<none>', Address: '10.0.0.1,b.a-rather-long-name.example.com' },
    ],
    // Rules for any host are counted with what is not shown, but only once three hosts stand there.
    [Ingress, { spec: { rules: hosts('a', 'b', 'c', '') } }, { Hosts: 'a,b,c + 1 more...' }],
    [Ingress, { spec: { rules: hosts('', 'a', 'b', 'c') } }, { Hosts: 'a,b,c' }],
    [Ingress, { spec: { rules: hosts('', 'a', 'b', 'c', 'd') } }, { Hosts: 'a,b,c + 2 more...' }],
    [
      Service,
      { spec: { type: 'LoadBalancer', externalIPs: ['9.9.9.9'] }, ...balanced({ ip: '2.2.2.2' }, { ip: '1.1.1.1' }) },
      { 'External-IP': '1.1.1.1,2.2.2.2,9.9.9.9' },
    ],
    [Endpoints, { subsets: [{ notReadyAddresses: [{ ip: '10.0.0.1' }] }] }, { Endpoints: '' }],
    [EndpointSlice, { ports: [{ name: 'web' }, { name: '', port: 80 }] }, { Ports: 'web,80' }],
    [EndpointSlice, { ports: [{ name: '' }] }, { Ports: '<unset>' }],
    [CertificateSigningRequest, { status: { conditions: [{ type: 'Failed' }] } }, { Condition: 'Pending,Failed' }],
    [CSIStorageCapacity, {}, { Capacity: '<unset>' }],
    [CSIDriver, { spec: {} }, { AttachRequired: true, PodInfoOnMount: false, Modes: '<none>' }],
    [StorageClass, {}, { VolumeBindingMode: 'Immediate', AllowVolumeExpansion: false }],
    [PriorityClass, { value: 1 }, { 'Global-Default': false, PreemptionPolicy: '' }],
    [
      HorizontalPodAutoscaler,
      { spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'a' } } },
      { MinPods: '<unset>', MaxPods: 3, Replicas: 0 },
    ],
    // Since v1.34, which has no default among them.
    [
      VolumeAttributesClass,
      {
        metadata: { name: 'a', annotations: { 'volumeattributesclass.alpha.kubernetes.io/is-default-class': 'true' } },
      },
      { Name: 'a' },
    ],
  ])('case %#', (kind, object, expected) => {
    expect(row(kind, object)).toMatchObject(expected)
  })

  it('stand in the order in which they are asked, where that is not the order of names', () => {
    const schema = (name: string, matchingPrecedence: number) => {
      const spec = { matchingPrecedence, priorityLevelConfiguration: { name } }
      return { metadata: { name }, spec }
    }
    const rows = [schema('a', 9), schema('c', 1), schema('b', 1)].sort(FlowSchema.rowOrder)
    expect(rows.map(({ metadata }) => metadata.name)).toEqual(['b', 'c', 'a'])
  })

  it('have a mark beside them where a pod has ended', () => {
    const marks = ['Succeeded', 'Failed', 'Running'].map((phase) => Pod.rowConditions?.({ status: { phase } }))
    const mark = (reason: string, message: string) => [{ type: 'Completed', status: 'True', reason, message }]
    expect(marks).toEqual([
      mark('Succeeded', 'The pod has completed successfully.'),
      mark('Failed', 'The pod failed.'),
      [],
    ])
  })
})
