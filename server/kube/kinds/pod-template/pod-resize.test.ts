// What may be changed of a pod by resizing it. Expectations are read from pkg/apis/core/validation ValidatePodResize.

import type { Pod as Wire } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { Pod } from '../index.ts'
import { defaulted } from '../testing/kind-facts.ts'
import { pod, web } from './testing/refused-pods.ts'

const asks = (requests: object, more: object = {}) => ({ ...web, resources: { requests, ...more } })
const started = {
  status: { qosClass: 'Burstable', containerStatuses: [{ name: 'web', state: { running: {} }, resources: {} }] },
}
const before = { ...pod({ containers: [asks({ cpu: '1', memory: '1Gi' })] }), ...started }
const C = 'spec.containers[0]'

it.each([
  ['more cpu', before, [asks({ cpu: '2', memory: '1Gi' })], []],
  ['a limit where there was none', before, [asks({ cpu: '1', memory: '1Gi' }, { limits: { cpu: '2' } })], []],
  [
    'no memory any more',
    before,
    [asks({ cpu: '2' })],
    [`${C}.resources.requests: Forbidden: resource requests cannot be removed`],
  ],
  [
    'storage',
    before,
    [asks({ cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi' })],
    [expect.stringContaining('mutable\n--- expected\n')],
  ],
  [
    'another image',
    before,
    [{ ...asks({ cpu: '1', memory: '1Gi' }), image: 'other' }],
    [expect.stringContaining('\n-  "image": "other",\n+  "image": "nginx",\n')],
  ],
  [
    'one container more',
    before,
    [asks({ cpu: '1', memory: '1Gi' }), { ...web, name: 'b' }],
    ['spec.containers: Forbidden: containers may not be added or removed on resize'],
  ],
  [
    'another name',
    before,
    [{ ...asks({ cpu: '1', memory: '1Gi' }), name: 'b' }],
    [`${C}.name: Forbidden: containers may not be renamed or reordered on resize`],
  ],
  [
    'another quality of service',
    before,
    [asks({ cpu: '1', memory: '1Gi' }, { limits: { cpu: '1', memory: '1Gi' } })],
    ['spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing'],
  ],
  [
    'where the kubelet cannot',
    { ...before, status: { qosClass: 'Burstable', containerStatuses: [{ name: 'web', state: { running: {} } }] } },
    [asks({ cpu: '2', memory: '1Gi' })],
    ['spec: Forbidden: Pod running on node without support for resize'],
  ],
  [
    'of a static pod',
    { ...before, metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } },
    [asks({ cpu: '2', memory: '1Gi' })],
    [': Forbidden: static pods cannot be resized'],
  ],
] as [string, object, object[], string[]][])('%s', (_what, previous, containers, expected) => {
  const old = defaulted(Pod, previous) as Wire
  const next = { ...old, spec: { ...old.spec, containers } } as Wire
  const told = Pod.strategy.validateUpdate?.(defaulted(Pod, next), old, 'resize') ?? []
  const mirror = /mirror pod annotation/
  expect(told.map(({ field, message }) => `${field}: ${message}`).filter((one) => !mirror.test(one))).toEqual(expected)
})
