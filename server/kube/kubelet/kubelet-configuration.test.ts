import { expect, it } from 'vitest'
import { kubeletConfigurationOf, logLimitsOf } from './kubelet-configuration.ts'

it('takes the file before the cluster, and the cluster before what is usual', () => {
  const file =
    'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nclusterDomain: mine.local\nmaxPods: 7\n'
  const told = kubeletConfigurationOf(file, { clusterDomain: 'class.local', clusterDNS: ['10.1.0.10'] })
  expect(told).toMatchObject({
    clusterDomain: 'mine.local',
    clusterDNS: ['10.1.0.10'],
    maxPods: 7,
    fileCheckFrequency: '20s',
  })
  expect(logLimitsOf(told)).toEqual({ maxSizeBytes: 10 * 2 ** 20, maxFiles: 5 })
})

it.each([
  { file: 'a: [', why: /path: \/var\/lib\/kubelet\/config.yaml, error: / },
  { file: 'kind: Pod\napiVersion: v1', why: 'no kind "Pod" is registered for version "v1"' },
  { file: 'httpCheckFrequency: soon', why: 'time: invalid duration "soon"' },
  { file: 'containerLogMaxFiles: 1', why: 'containerLogMaxFiles 1 must be > 1' },
  { file: 'containerLogMaxSize: much', why: 'containerLogMaxSize much is not a size' },
  {
    file: 'shutdownGracePeriodCriticalPods: 5s',
    why: 'shutdownGracePeriodCriticalPods 5s must be <= shutdownGracePeriod 0s',
  },
])('refuses $file', ({ file, why }) => {
  expect(() => kubeletConfigurationOf(file)).toThrow(why)
})
