import { expect, it } from 'vitest'
import { problemsOf } from './cluster-spec.ts'

const spec = { name: 'demo', nodes: 2, simulatedNodes: 0 }

it('refuses mode ipvs on machines whose kernel has no IPVS, and says so; nodes that are simulated do not care', () => {
  const [problem] = problemsOf({ ...spec, proxyMode: 'ipvs' }, () => false)
  expect(problem).toMatch(/^--proxy-mode: mode ipvs needs IPVS in the kernel, and this one has none .*modprobe ip_vs/)
  expect(problemsOf({ ...spec, proxyMode: 'ipvs' }, (path) => path === '/proc/net/ip_vs')).toEqual([])
  expect(problemsOf({ ...spec, nodes: 0, simulatedNodes: 3, proxyMode: 'ipvs' }, () => false)).toEqual([])
  expect(problemsOf({ ...spec, proxyMode: 'userspace' }, () => false)).toEqual([])
})

it('takes each family alone, and both', () => {
  const [problem] = problemsOf({ ...spec, ipFamily: 'six' as never })
  expect(problem).toBe('--ip-family must be ipv4, ipv6 or dual, not "six"')
  for (const ipFamily of ['ipv4', 'ipv6', 'dual'] as const) expect(problemsOf({ ...spec, ipFamily })).toEqual([])
})
