// The runtime as the kubelet uses it: what is asked of it is counted and timed under the CRI's names.
// Upstream: pkg/kubelet/kuberuntime/instrumented_services.go.

import type { Clock } from '../../../base/clock.ts'
import type { Metrics } from '../../../base/metrics.ts'
import type { ContainerRuntime } from '../../container-runtime/container-runtime.ts'
import { USUAL_BOUNDS } from './bounds.ts'

/** Verbs that are not the CRI's own, or no single call of it. */
type Uncounted = 'logs' | 'imageLayers' | 'containerDiskUsage' | 'events'

const OPERATIONS: Readonly<Record<Exclude<keyof ContainerRuntime, Uncounted>, string>> = {
  version: 'version',
  status: 'status',
  updatePodCidr: 'update_runtime_config',
  runPodSandbox: 'run_podsandbox',
  stopPodSandbox: 'stop_podsandbox',
  removePodSandbox: 'remove_podsandbox',
  listPodSandboxes: 'list_podsandbox',
  createContainer: 'create_container',
  startContainer: 'start_container',
  updateContainerResources: 'update_container',
  stopContainer: 'stop_container',
  removeContainer: 'remove_container',
  listContainers: 'list_containers',
  containerStatus: 'container_status',
  exec: 'exec',
  execSync: 'exec_sync',
  attach: 'attach',
  portForward: 'port_forward',
  imageStatus: 'image_status',
  pullImage: 'pull_image',
  listImages: 'list_images',
  removeImage: 'remove_image',
  stats: 'list_container_stats',
}

/** From 5 ms to twelve minutes and more. */
const BOUNDS = Array.from({ length: 14 }, (_, power) => Number((0.005 * 2.5 ** power).toPrecision(12)))

export function countedRuntime(
  runtime: ContainerRuntime,
  { metrics, clock }: { metrics: Metrics; clock: Clock },
): ContainerRuntime {
  const calls = metrics.counter(
    'kubelet_runtime_operations_total',
    'Cumulative number of runtime operations by operation type.',
  )
  const errors = metrics.counter(
    'kubelet_runtime_operations_errors_total',
    'Cumulative number of runtime operation errors by operation type.',
  )
  const durations = metrics.histogram(
    'kubelet_runtime_operations_duration_seconds',
    'Duration in seconds of runtime operations. Broken down by operation type.',
    BOUNDS,
  )
  const sandboxes = metrics.histogram(
    'kubelet_run_podsandbox_duration_seconds',
    'Duration in seconds of the run_podsandbox operations. Broken down by RuntimeClass.Handler.',
    USUAL_BOUNDS,
  )
  const sandboxErrors = metrics.counter(
    'kubelet_run_podsandbox_errors_total',
    'Cumulative number of the run_podsandbox operation errors by RuntimeClass.Handler.',
  )

  const counted = async <T>(operation: string, call: () => Promise<T>): Promise<T> => {
    const labels = { operation_type: operation }
    const startedAt = clock.monotonic()
    calls.add(labels)
    try {
      return await call()
    } catch (err) {
      errors.add(labels)
      throw err
    } finally {
      durations.observe(labels, (clock.monotonic() - startedAt) / 1000)
    }
  }
  const verbs = Object.entries(OPERATIONS).map(([verb, operation]) => {
    const call = (...args: unknown[]) => (runtime[verb as keyof ContainerRuntime] as AnyVerb)(...args)
    return [verb, (...args: unknown[]) => counted(operation, () => call(...args))]
  })
  return {
    ...(Object.fromEntries(verbs) as Pick<ContainerRuntime, keyof typeof OPERATIONS>),
    async runPodSandbox(config) {
      const labels = { runtime_handler: config.runtimeHandler }
      const startedAt = clock.monotonic()
      try {
        return await counted(OPERATIONS.runPodSandbox, () => runtime.runPodSandbox(config))
      } catch (err) {
        sandboxErrors.add(labels)
        throw err
      } finally {
        sandboxes.observe(labels, (clock.monotonic() - startedAt) / 1000)
      }
    },
    logs: (id, options) => runtime.logs(id, options),
    imageLayers: (image) => runtime.imageLayers(image),
    containerDiskUsage: (id) => runtime.containerDiskUsage(id),
    events: (listener) => runtime.events(listener),
  }
}

type AnyVerb = (...args: unknown[]) => Promise<unknown>
