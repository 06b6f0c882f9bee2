// What a dashboard of kubelets asks for, counted by the whole kubelet over the simulated runtime.

import type { Pod as PodObject } from 'kubernetes-types/core/v1'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { startTestServer, type TestServer } from '../../apiserver/testing/test-server.ts'
import { SimulatedRuntime } from '../../container-runtime/simulated/simulated-runtime.ts'
import { Pod } from '../../kinds/pod.ts'
import { ServiceAccount } from '../../kinds/service-account.ts'
import { createSimulatedNodeOs } from '../../node-os/simulated-node-os.ts'
import { type Kubelet, startKubelet } from '../kubelet.ts'

let clock: FakeClock
let server: TestServer
let runtime: SimulatedRuntime
let kubelet: Kubelet

beforeEach(async () => {
  clock = new FakeClock()
  server = await startTestServer({ clock })
  await server.client.of(ServiceAccount).create({ metadata: { namespace: 'default', name: 'default' } })
  runtime = new SimulatedRuntime({ clock, podCidr: '10.244.7.0/24' })
  const os = createSimulatedNodeOs({ hostname: 'n1' })
  const common = { runtime, os, clock, logger: noLogger, random: () => 0 }
  kubelet = await startKubelet({ nodeName: 'n1', nodeIP: '192.0.2.9', client: server.client, ...common })
})
afterEach(async () => {
  await kubelet[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 10_000
  while (!(await holds().catch(() => false))) {
    if (performance.now() > giveUpAt) throw new Error(`never came: ${what}`)
    await clock.advance(1)
  }
}

const create = (name: string, spec: object = {}, annotations = {}) =>
  server.client.of(Pod).create({
    metadata: { namespace: 'default', name, annotations },
    spec: {
      nodeName: 'n1',
      automountServiceAccountToken: false,
      containers: [{ name: 'app', image: 'app:1' }],
      ...spec,
    },
  } as PodObject)
const phaseIs = (name: string, phase: string) => async () =>
  (await server.client.of(Pod).get({ namespace: 'default', name })).status?.phase === phase

/** By the name with its labels, as far as they are told. */
async function read() {
  const lines = (await kubelet.telemetry.own()).split('\n')
  return (name: string, ...labels: string[]) => {
    const found = lines.filter((line) => line.split(/[ {]/)[0] === name && labels.every((one) => line.includes(one)))
    return found.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
  }
}

it('counts starts, looks, calls of the runtime, volumes and what the API is told', async () => {
  await create('web', { volumes: [{ name: 'scratch', emptyDir: {} }] })
  await until('running', phaseIs('web', 'Running'))
  await clock.advance(20_000)
  const value = await read()
  expect(value('kubelet_started_pods_total')).toBe(1)
  expect(value('kubelet_started_containers_total', 'container_type="container"')).toBe(1)
  expect(value('kubelet_pod_start_duration_seconds_count')).toBe(1)
  expect(value('kubelet_pod_start_sli_duration_seconds_count')).toBe(1)
  expect(value('kubelet_pod_start_total_duration_seconds_count')).toBe(1)
  expect(value('kubelet_pod_worker_start_duration_seconds_count')).toBe(1)
  expect(value('kubelet_containers_per_pod_count_sum')).toBe(1)
  expect(value('kubelet_pod_worker_duration_seconds_count', 'operation_type="create"')).toBe(1)
  expect(value('kubelet_pod_worker_duration_seconds_count', 'operation_type="sync"')).toBeGreaterThan(0)
  expect(value('kubelet_runtime_operations_total', 'operation_type="run_podsandbox"')).toBe(1)
  expect(value('kubelet_runtime_operations_duration_seconds_count', 'operation_type="start_container"')).toBe(1)
  expect(value('kubelet_runtime_operations_errors_total')).toBe(0)
  expect(value('kubelet_run_podsandbox_duration_seconds_count', 'runtime_handler=""')).toBe(1)
  expect(value('kubelet_pod_status_sync_duration_seconds_count')).toBeGreaterThan(0)
  expect(value('kubelet_pleg_relist_duration_seconds_count')).toBeGreaterThan(1)
  expect(value('kubelet_pleg_relist_interval_seconds_sum')).toBeGreaterThanOrEqual(20)
  expect(value('kubelet_cgroup_manager_duration_seconds_count', 'operation_type="update"')).toBeGreaterThan(0)
  expect(value('kubelet_image_pull_duration_seconds_count', 'image_size_in_bytes="0-10MB"')).toBe(1)
  const volumes = 'plugin_name="kubernetes.io/empty-dir"'
  expect(value('volume_manager_total_volumes', volumes, 'state="desired_state_of_world"')).toBe(1)
  expect(value('volume_manager_total_volumes', volumes, 'state="actual_state_of_world"')).toBe(1)
  expect(value('storage_operation_duration_seconds_count', 'operation_name="volume_mount"', 'status="success"')).toBe(1)
})

it('counts what failed by its reason, what ended by its exit code, and whom it turned away', async () => {
  await create(
    'crash',
    { restartPolicy: 'Never' },
    { 'simulated.podium.dev/exit-after': '5s', 'simulated.podium.dev/exit-code': '3' },
  )
  await create('missing', { containers: [{ name: 'app', image: 'does-not-exist:1' }] })
  await create('large', { containers: [{ name: 'app', image: 'app:1', resources: { requests: { cpu: '1k' } } }] })
  await until('turned away', phaseIs('large', 'Failed'))
  await until('pulled', async () => (await read())('kubelet_started_containers_errors_total') > 0)
  await clock.advance(6_000)
  await until('ended', phaseIs('crash', 'Failed'))
  const value = await read()
  expect(value('kubelet_started_containers_errors_total', 'code="ErrImagePull"')).toBeGreaterThan(0)
  expect(value('kubelet_runtime_operations_errors_total', 'operation_type="pull_image"')).toBeGreaterThan(0)
  expect(value('kubelet_terminated_containers_total', 'exit_code="3"', 'reason="Error"')).toBe(1)
  expect(value('kubelet_admission_rejections_total', 'reason="OutOfcpu"')).toBe(1)
  expect(value('kubelet_pod_worker_duration_seconds_count', 'operation_type="kill"')).toBeGreaterThan(0)
})
