import { expect, it } from 'vitest'
import { readProxyConfiguration } from './configuration.ts'

const text = (mode?: string) =>
  `apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n${mode === undefined ? '' : `mode: "${mode}"\n`}`
const modeIn = (mode?: string) => readProxyConfiguration(text(mode)).mode

it('takes a mode by its name, and iptables where none is told', () => {
  expect([undefined, '', 'iptables', 'nftables', 'ipvs', 'userspace'].map(modeIn)).toEqual([
    'iptables',
    'iptables',
    'iptables',
    'nftables',
    'ipvs',
    'userspace',
  ])
})

it('refuses others and says which there are', () => {
  expect(() => modeIn('nft')).toThrow(
    'KubeProxyConfiguration.Mode: Unsupported value: "nft": supported values: "iptables", "nftables", "ipvs", "userspace"',
  )
})

it('refuses a file of another kind', () =>
  expect(() => readProxyConfiguration('a: 1')).toThrow('no KubeProxyConfiguration'))
