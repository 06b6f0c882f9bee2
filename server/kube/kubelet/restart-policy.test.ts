import { describe, expect, it } from 'vitest'
import type { ContainerSpec } from './pod-runtime-state.ts'
import { mayRestart, restartsAfter, restartsWhenKilled } from './restart-policy.ts'

const pod = (restartPolicy: string) => ({ spec: { restartPolicy, containers: [] } })
const only = (...values: number[]) => ({ action: 'Restart', exitCodes: { operator: 'In', values } })
const allBut = (...values: number[]) => ({ action: 'Restart', exitCodes: { operator: 'NotIn', values } })

describe('a container', () => {
  it.each<{ name: string; pod: string; own?: Partial<ContainerSpec>; after: Record<number, boolean> }>([
    { name: 'the pod’s Always', pod: 'Always', after: { 0: true, 1: true } },
    { name: 'the pod’s OnFailure', pod: 'OnFailure', after: { 0: false, 1: true } },
    { name: 'the pod’s Never', pod: 'Never', after: { 0: false, 1: false } },
    {
      name: 'its own before the pod’s',
      pod: 'Never',
      own: { restartPolicy: 'OnFailure' },
      after: { 0: false, 1: true },
    },
    { name: 'its own Never', pod: 'Always', own: { restartPolicy: 'Never' }, after: { 0: false, 1: false } },
    {
      name: 'a rule before its own',
      pod: 'Always',
      own: { restartPolicy: 'Never', restartPolicyRules: [only(42)] },
      after: { 0: false, 41: false, 42: true },
    },
    {
      name: 'a rule for all other codes',
      pod: 'Always',
      own: { restartPolicy: 'Never', restartPolicyRules: [allBut(0, 3)] },
      after: { 0: false, 3: false, 4: true },
    },
    {
      name: 'its own where no rule speaks',
      pod: 'Never',
      own: { restartPolicy: 'OnFailure', restartPolicyRules: [only(0)] },
      after: { 0: true, 1: true },
    },
  ])('is started again by $name', ({ pod: policy, own, after }) => {
    const container: ContainerSpec = { name: 'app', ...own }
    for (const [code, again] of Object.entries(after)) {
      expect(restartsAfter(pod(policy), container, Number(code)), `exit code ${code}`).toBe(again)
    }
  })

  it('that is killed for its probes is asked by its policy alone', () => {
    const container: ContainerSpec = { name: 'app', restartPolicy: 'Never', restartPolicyRules: [allBut()] }
    expect(restartsWhenKilled(pod('Always'), container)).toBe(false)
    expect(mayRestart(pod('Never'), container)).toBe(true)
    expect(mayRestart(pod('Never'), { name: 'app' })).toBe(false)
  })
})
