// Lists and texts as long as a body may be: each is gone through once, though elements are compared with each other.

import { describe, expect, it } from 'vitest'
import { CSINode, FlowSchema } from './index.ts'
import { fileVolumeErrors } from './pod-template/environment.ts'
import { fieldReferenceErrors } from './pod-template/field-references.ts'
import { deviceErrors, mountErrors } from './pod-template/mounts.ts'
import type { Volume } from './pod-template/newer-fields.ts'
import { podUpdateErrors } from './pod-template/pod-update.ts'
import { iscsiErrors } from './storage/volume-sources.ts'
import { statusProblems, updateProblems } from './testing/kind-facts.ts'

const MANY = 30_000
const many = <T>(make: (index: number) => T) => Array.from({ length: MANY }, (_, index) => make(index))

/** A few tenths of a second, where the square of them takes many. */
function expectFew(run: () => void): void {
  const before = process.cpuUsage()
  run()
  expect(process.cpuUsage(before).user).toBeLessThan(3_000_000)
}

describe('however long, once is gone through', () => {
  it('mounts and devices', () => {
    const claim: Volume = { name: '', persistentVolumeClaim: { claimName: 'a' } }
    const volumeMounts = many((index) => ({ name: 'm', mountPath: `/m${index}` }))
    const container = {
      name: 'a',
      volumeMounts,
      volumeDevices: many((index) => ({ name: `v${index}`, devicePath: `/d${index}` })),
    }
    const known = new Map([['m', claim], ...many((index) => [`v${index}`, claim] as const)])
    expectFew(() => {
      expect(mountErrors(container, 'c', known)).toEqual([])
      expect(deviceErrors(container, 'c', known)).toEqual([])
    })
  })

  it('files that variables are read from', () => {
    const volumes = many((index) => ({ name: `v${index}`, emptyDir: {} }))
    const env = many((index) => ({
      name: 'A',
      valueFrom: { fileKeyRef: { key: 'A', path: 'a', volumeName: `v${index}` } },
    }))
    const spec = { volumes: [...volumes, { name: 'v0' }], containers: [{ name: 'a', env }] }
    expectFew(() => expect(fileVolumeErrors(spec, 'spec')).toEqual([]))
  })

  it('tolerations, and gates that a pod keeps', () => {
    const previous = {
      containers: [],
      tolerations: many((index) => ({ key: `k${index}`, tolerationSeconds: 1 })),
      schedulingGates: many((index) => ({ name: `g${index}` })),
    }
    const tolerations = previous.tolerations.map(({ key }) => ({ key })).toReversed()
    expectFew(() => {
      expect(podUpdateErrors({ ...previous, tolerations }, previous)).toEqual([])
      expect(podUpdateErrors({ ...previous, tolerations: tolerations.slice(1) }, previous)).toHaveLength(1)
    })
  })

  it('fields that a variable names, with whatever key', () => {
    const errorsOf = (fieldPath: string) => fieldReferenceErrors({ apiVersion: 'v1', fieldPath }, 'at', [])
    expectFew(() => expect(errorsOf(`${"['".repeat(MANY * 5)}x`)).toHaveLength(1))
    expect(errorsOf("metadata.labels['a']")).toEqual([])
    expect(errorsOf("metadata.labels['']")).not.toEqual([])
    expect(errorsOf("spec['a['b']")[0]?.message).toContain('field label does not support subscript')
    expect(errorsOf("['a']")[0]?.message).toContain('field label not supported')
  })

  it('names of initiators', () => {
    const errorsOf = (iqn: string) => iscsiErrors({ targetPortal: 'p', iqn, lun: 0 }, 'at', 'no name')
    expectFew(() => {
      expect(errorsOf('iqn.2000-01.'.repeat(MANY))).toHaveLength(1)
      expect(errorsOf(`${'iqn.2000-01.a:'.repeat(MANY)} `)).toHaveLength(1)
    })
    for (const iqn of ['iqn.2000-01.com.a:b', 'iqn of iqn.2000-01.com.a:b:c']) expect(errorsOf(iqn)).toEqual([])
    for (const iqn of ['iqn.2000-01.com.a:', 'iqn.2000-01.:b', 'iqn.2000-01.a:b,c'])
      expect(errorsOf(iqn)).toHaveLength(1)
  })

  it('drivers of a node', () => {
    const spec = { drivers: many((index) => ({ name: `d${index}`, nodeID: 'n' })) }
    expectFew(() => expect(updateProblems(CSINode, { spec }, { spec })).toEqual([]))
  })

  it('conditions', () => {
    const conditions = many((index) => ({ type: `t${index}` }))
    expectFew(() => expect(statusProblems(FlowSchema, {}, { status: { conditions } })).toEqual([]))
  })
})
