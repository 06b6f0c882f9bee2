import { expect, it } from 'vitest'
import { defineKind } from '../../kinds/define-kind.ts'
import { Discovery } from './discovery.ts'

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const custom = ([group, version, plural]: readonly [string, string, string]) =>
  defineKind({ group, version, kind: plural, plural, namespaced: true, schema: {}, strategy: {} })

it('tells of ten thousand groups in time that grows with their number', () => {
  const kinds = Array.from({ length: 10_000 }, (_, at) => [`g${at}.example.com`, 'v1', 'tabs'] as const)
  const inOne = Array.from({ length: 10_000 }, (_, at) => ['example.com', 'v1', `tabs${at}`] as const)
  const discovery = new Discovery({
    kinds: [...kinds, ...inOne].map(custom),
    storedAs: () => undefined,
    isEnding: () => false,
    unstored: [],
    foreign: [],
  })
  const from = cpuSeconds()
  expect(discovery.groups().groups).toHaveLength(10_001)
  expect(discovery.aggregated('apis').items).toHaveLength(10_001)
  // Where each group looked at all versions, it was twenty seconds.
  expect(cpuSeconds() - from).toBeLessThan(1)
})

it('orders groups, their versions, and what is in them', () => {
  const names = [
    ['b.com', 'v1alpha1', 'tabs'],
    ['b.com', 'v1', 'tabs'],
    ['b.com', 'v1', 'ants'],
    ['a.com', 'v1', 'tabs'],
    ['apps', 'v1', 'tabs'],
    ['', 'v1', 'tabs'],
  ] as const
  const kinds = names.map(custom)
  const discovery = new Discovery({
    kinds,
    storedAs: () => undefined,
    isEnding: () => false,
    unstored: [],
    foreign: [],
  })
  expect(discovery.groups().groups.map(({ name }) => name)).toEqual(['apps', 'a.com', 'b.com'])
  expect(discovery.group('b.com')?.versions.map(({ version }) => version)).toEqual(['v1', 'v1alpha1'])
  expect(discovery.resources('b.com/v1')?.resources.map(({ name }) => name)).toEqual(['ants', 'tabs'])
  expect([discovery.group(''), discovery.group('c.com')]).toEqual([undefined, undefined])
  expect(discovery.aggregated('api').items.map(({ versions }) => versions.map(({ version }) => version))).toEqual([
    ['v1'],
  ])
})
