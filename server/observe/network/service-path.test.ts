import type { Pod, Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import { describe, expect, it } from 'vitest'
import { pathOfService } from './service-path.ts'

const pod = (name: string, app: string, { ready = true, namespace = 'default', port = 'web' } = {}): Pod => ({
  metadata: { name, namespace, labels: { app } },
  spec: { containers: [{ name: 'c', image: 'nginx', ports: [{ name: port, containerPort: 80 }] }] },
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
})
const service = (spec: Service['spec']): Service => ({
  metadata: { namespace: 'default', name: 'web' },
  spec: { clusterIP: '10.96.37.12', ports: [{ port: 80 }], selector: { app: 'web' }, ...spec },
})
const slice = (ready: number, ports: EndpointSlice['ports'] = [{ port: 80 }]): EndpointSlice => ({
  metadata: { namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  endpoints: Array.from({ length: ready }, (_, index) => ({
    addresses: [`10.244.1.${index}`],
    conditions: { ready: true },
  })),
  ports,
})
const pods = [pod('a', 'web'), pod('b', 'web'), pod('other', 'db'), pod('far', 'wbe', { namespace: 'elsewhere' })]
const statesOf = (path: ReturnType<typeof pathOfService>) => path.steps.map(({ state }) => state).join(' ')

describe('why a Service reaches nobody', () => {
  it('is nothing where it reaches somebody', () => {
    const path = pathOfService(service({}), { pods, endpointSlices: [slice(2)] })
    expect(path.nobody).toBe('')
    expect(statesOf(path)).toBe('ok ok ok ok')
    expect(path.steps[1]?.says).toBe('Yes, 2 of 3 Pods in `default`.')
  })

  it('is the selector that finds nobody, with what Pods do carry', () => {
    const path = pathOfService(service({ selector: { app: 'wbe' } }), { pods, endpointSlices: [slice(0)] })
    expect(path.nobody).toBe('It selects `app=wbe`; no Pod has that label.')
    expect(path.nearest).toEqual([{ selects: 'app=wbe', pods: 2, have: 'app=web' }])
    expect(statesOf(path)).toBe('ok fail wait wait')
    expect(path.steps[2]?.says).toBe('Not reached.')
    const two = pathOfService(service({ selector: { app: 'web', tier: 'x' } }), { pods, endpointSlices: [] })
    expect(two.nobody).toBe('It selects `app=web,tier=x`; no Pod has all of these labels.')
  })

  it('is that none of the selected is Ready', () => {
    const late = ['a', 'b', 'c'].map((name) => pod(name, 'web', { ready: false }))
    expect(pathOfService(service({}), { pods: late, endpointSlices: [slice(0)] }).nobody).toBe(
      '3 Pods are selected, none is Ready.',
    )
    expect(pathOfService(service({}), { pods: late.slice(0, 1), endpointSlices: [] }).nobody).toBe(
      '1 Pod is selected, and it is not Ready.',
    )
  })

  it('is a target port by a name that no container has, though its endpoints are ready', () => {
    const wrong = service({ ports: [{ port: 80, targetPort: 'http' }] })
    const path = pathOfService(wrong, { pods, endpointSlices: [slice(2, [])] })
    expect(path.nobody).toBe('targetPort `http` names no port of these containers; they have 80 (web).')
    expect(statesOf(path)).toBe('ok ok ok fail')
  })

  it('is no selector and no endpoints; with endpoints by hand it reaches them', () => {
    const bare = service({ selector: undefined } as unknown as Service['spec'])
    expect(pathOfService(bare, { pods, endpointSlices: [] }).nobody).toBe(
      'It has no selector, so no loop fills in its endpoints.',
    )
    expect(pathOfService(bare, { pods, endpointSlices: [slice(1)] }).nobody).toBe('')
  })

  it('is not guessed from a number that containers do not declare', () => {
    const path = pathOfService(service({ ports: [{ port: 80, targetPort: 8081 }] }), {
      pods,
      endpointSlices: [slice(2)],
    })
    expect(path.nobody).toBe('')
    expect(path.steps[3]).toMatchObject({ state: 'wait', says: expect.stringContaining('Only a call can tell.') })
  })

  it('is the loop that has not written yet', () => {
    expect(pathOfService(service({}), { pods, endpointSlices: [] }).nobody).toBe(
      'The EndpointSlice loop is about to write them.',
    )
  })
})
