// What a kubelet says at `/metrics/resource`, as figures of a moment.

export interface Usage {
  /** In milliseconds since 1970. */
  at: number
  /** Ever since it was started. */
  cpuSeconds: number
  memoryBytes: number
}

export interface NodeUsage {
  node: Usage | undefined
  /** By `namespace/pod`, then by container. */
  pods: ReadonlyMap<string, ReadonlyMap<string, Usage>>
}

/** Whether there is such a container. */
export type IsKnown = (namespace: string, pod: string, container: string) => boolean

/** Go's last moment that JavaScript can tell. */
const LAST_MS = 8.64e15

// A learner's machine writes this: neither reads on beyond its line, nor begins anew in the middle of a word, since that
// takes the square of the length.
const SAMPLE = /^(node|container)_(cpu_usage_seconds_total|memory_working_set_bytes)(?:\{([^}\n]*)\})? (\S+) (\d+)$/gm
const LABEL = /\b(\w+)="([^"]*)"/g

/** Of containers that `isKnown`, and nothing that is no number or no time. */
export function readUsage(text: string, isKnown: IsKnown): NodeUsage {
  let node: Usage | undefined
  const pods = new Map<string, Map<string, Usage>>()
  for (const [, of, what, labelText = '', value, at] of text.matchAll(SAMPLE)) {
    if (!Number.isFinite(Number(value)) || Number(at) > LAST_MS) continue
    const figure = what === 'cpu_usage_seconds_total' ? { cpuSeconds: Number(value) } : { memoryBytes: Number(value) }
    const merged = (before: Usage | undefined): Usage => ({
      at: Number(at),
      cpuSeconds: 0,
      memoryBytes: 0,
      ...before,
      ...figure,
    })
    if (of === 'node') {
      node = merged(node)
      continue
    }
    const labels = Object.fromEntries(Array.from(labelText.matchAll(LABEL), ([, name, text]) => [name, text]))
    const { namespace = '', pod = '', container = '' } = labels
    if (!isKnown(namespace, pod, container)) continue
    const key = `${namespace}/${pod}`
    const containers = pods.get(key) ?? new Map<string, Usage>()
    pods.set(key, containers)
    containers.set(container, merged(containers.get(container)))
  }
  return { node, pods }
}
