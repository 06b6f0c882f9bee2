// What may be changed of a pod, and what may be told of one. Expectations are read from pkg/apis/core/validation.

import { describe, expect, it } from 'vitest'
import { Pod } from '../index.ts'
import { updateProblems } from '../testing/kind-facts.ts'
import { pod, web } from './testing/refused-pods.ts'

const FROZEN = expect.stringContaining('spec: Forbidden: pod updates may not change fields other than `spec.containers')
const gated = { schedulingGates: [{ name: 'a' }, { name: 'b' }] }
const terms = (...nodeSelectorTerms: object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
})
const TERMS = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms'
const inZone = { key: 'zone', operator: 'In', values: ['a'] }
const onDisk = { key: 'disk', operator: 'Exists' }

describe('an update of a pod', () => {
  it.each([
    ['another image', {}, { containers: [{ ...web, image: 'other' }] }, []],
    ['another command', {}, { containers: [{ ...web, command: ['x'] }] }, [FROZEN]],
    [
      'another host name, shown beside the one it has',
      { hostname: 'a' },
      { hostname: 'b' },
      [expect.stringContaining('\n-  "hostname": "b",\n+  "hostname": "a",\n')],
    ],
    [
      'one container more',
      {},
      { containers: [web, { ...web, name: 'b' }] },
      ['spec.containers: Forbidden: pod updates may not add or remove containers'],
    ],
    ['an earlier end', { activeDeadlineSeconds: 9 }, { activeDeadlineSeconds: 8 }, []],
    [
      'a later end',
      { activeDeadlineSeconds: 9 },
      { activeDeadlineSeconds: 10 },
      ['spec.activeDeadlineSeconds: Invalid value: 10: must be less than or equal to previous value'],
    ],
    [
      'no end',
      { activeDeadlineSeconds: 9 },
      {},
      ['spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value'],
    ],
    ['one toleration more', {}, { tolerations: [{ operator: 'Exists' }] }, []],
    [
      'one toleration less',
      { tolerations: [{ operator: 'Exists' }] },
      {},
      ['spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds'],
    ],
    ['one gate less', gated, { schedulingGates: [{ name: 'b' }] }, []],
    [
      'one gate more',
      {},
      { schedulingGates: [{ name: 'c' }] },
      ["spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'c'"],
    ],
    ['a narrower choice of nodes', {}, { nodeSelector: { a: 'b' } }, [FROZEN]],
    ['a narrower choice of nodes, held back', gated, { ...gated, nodeSelector: { a: 'b' } }, []],
    [
      'a wider choice of nodes, held back',
      { ...gated, nodeSelector: { a: 'b' } },
      gated,
      [
        'spec.nodeSelector: Invalid value: {}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
      ],
    ],
    ['a first affinity, held back', gated, { ...gated, ...terms({ matchExpressions: [inZone] }) }, []],
    [
      'one expression more, held back',
      { ...gated, ...terms({ matchExpressions: [inZone] }) },
      { ...gated, ...terms({ matchExpressions: [inZone, onDisk] }) },
      [],
    ],
    [
      'another expression, held back',
      { ...gated, ...terms({ matchExpressions: [inZone] }) },
      { ...gated, ...terms({ matchExpressions: [onDisk] }) },
      [expect.stringMatching(/only additions are allowed \(no mutations or deletions\)$/)],
    ],
    [
      'one term more, held back',
      { ...gated, ...terms({ matchExpressions: [inZone] }) },
      { ...gated, ...terms({ matchExpressions: [inZone] }, { matchExpressions: [onDisk] }) },
      [expect.stringContaining(`${TERMS}: Invalid value: [`)],
    ],
    ['whom it avoids, held back', gated, { ...gated, affinity: { podAntiAffinity: {} } }, [FROZEN]],
  ] as [string, object, object, unknown[]][])('with %s', (_what, before, next, expected) => {
    expect(updateProblems(Pod, pod(before), pod(next))).toEqual(expected)
  })

  it('keeps the mark of a static pod', () => {
    const marked = {
      ...pod({ nodeName: 'a' }),
      metadata: { name: 'web', annotations: { 'kubernetes.io/config.mirror': 'x' } },
    }
    expect(updateProblems(Pod, pod({ nodeName: 'a' }), marked)).toEqual([
      'metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not add mirror pod annotation',
    ])
    expect(updateProblems(Pod, marked, pod({ nodeName: 'a' }))).toEqual([
      'metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not remove or update mirror pod annotation',
    ])
  })
})

describe('a status of a pod', () => {
  const ended = (exitCode: number) => ({
    containerStatuses: [{ name: 'web', state: { terminated: { exitCode } } }],
  })
  const running = { containerStatuses: [{ name: 'web', state: { running: {} } }] }
  const AGAIN = 'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state'
  const rule = { action: 'Restart', exitCodes: { operator: 'In', values: [42] } }
  it.each([
    ['that runs again', { restartPolicy: 'Always' }, ended(0), running, []],
    ['that has done its work and runs again', { restartPolicy: 'OnFailure' }, ended(0), running, [AGAIN]],
    ['that failed and runs again', { restartPolicy: 'OnFailure' }, ended(1), running, []],
    ['that never runs again and does', { restartPolicy: 'Never' }, ended(1), running, [AGAIN]],
    [
      'that runs again by a rule of its own',
      { restartPolicy: 'Never', containers: [{ ...web, restartPolicy: 'Never', restartPolicyRules: [rule] }] },
      ended(42),
      running,
      [],
    ],
    [
      'with another quality of service',
      {},
      { qosClass: 'BestEffort' },
      { qosClass: 'Burstable' },
      ['status.qosClass: Invalid value: "Burstable": field is immutable'],
    ],
    [
      'with addresses that do not agree',
      {},
      {},
      { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.2' }, { ip: '10.0.0.3' }] },
      [
        'status.podIPs: Invalid value: [{"IP":"10.0.0.2"},{"IP":"10.0.0.3"}]: may specify no more than one IP for each IP family',
        'status.podIPs[0].ip: Invalid value: "10.0.0.2": must be equal to `podIP`',
      ],
    ],
    [
      'that is promised a node and has one',
      { nodeName: 'a' },
      {},
      { nominatedNodeName: 'b' },
      ['status.nominatedNodeName: Forbidden: may not be set on pods that are already bound to a node'],
    ],
  ] as [string, object, object, object, string[]][])('%s', (_what, spec, before, now, expected) => {
    const told = Pod.strategy.validateStatusUpdate?.({ ...pod(spec), status: now }, { ...pod(spec), status: before })
    expect(told?.map(({ field, message }) => `${field}: ${message}`)).toEqual(expected)
  })
})

it('keeps its quality of service from those who do not tell it', () => {
  const next = { ...pod({}), status: { phase: 'Running' } }
  const previous = { ...pod({}), status: { qosClass: 'Burstable', observedGeneration: 2 } }
  Pod.strategy.prepareForStatusUpdate?.(next, previous, {
    user: { name: 'n', groups: [] },
    now: '',
    warn: () => undefined,
  })
  expect(next.status).toEqual({ phase: 'Running', qosClass: 'Burstable', observedGeneration: 2 })
})

it('begins held back, and with its own labels in its selectors', () => {
  const made = {
    metadata: { name: 'web', labels: { app: 'web', hash: '1' } },
    spec: {
      containers: [web],
      schedulingGates: [{ name: 'a' }],
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { app: 'web' } },
          matchLabelKeys: ['hash', 'nobody'],
        },
      ],
    },
  }
  Pod.strategy.prepareForCreate?.(made)
  expect(made).toMatchObject({
    spec: {
      topologySpreadConstraints: [
        { labelSelector: { matchExpressions: [{ key: 'hash', operator: 'In', values: ['1'] }] } },
      ],
    },
    status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
  })
})

it('is told as a whole what it may use, and asks for as much', () => {
  const made = {
    metadata: { name: 'web' },
    spec: {
      containers: [{ ...web, resources: { requests: { cpu: '1' } } }],
      resources: { limits: { cpu: '2', memory: '1Gi' } },
    },
  }
  Pod.strategy.setDefaults?.(made)
  Pod.strategy.prepareForCreate?.(made)
  expect(made).toMatchObject({
    spec: { resources: { requests: { cpu: '1', memory: '1Gi' } } },
    status: { qosClass: 'Burstable' },
  })
})
