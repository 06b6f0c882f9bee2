// `/debug/pprof`: where the time of this process goes, and its memory, as V8 samples them; in upstream's names and form.
// See docs/decisions/0038. Upstream: apiserver/pkg/server/routes/profiling.go, net/http/pprof.

import { Session } from 'node:inspector/promises'
import type { Clock } from '../../../base/clock.ts'
import type { DocumentAnswer } from '../request-path/answer.ts'
import { type Frame, type Profile, writePprof } from './pprof-format.ts'

const ROOT = '/debug/pprof'
const LONGEST_SECONDS = 300

interface CpuNode {
  id: number
  callFrame: Frame
  children?: number[]
}
interface CpuProfile {
  nodes: CpuNode[]
  samples?: number[]
  timeDeltas?: number[]
}
interface HeapNode {
  callFrame: Frame
  selfSize: number
  children: HeapNode[]
}

const KINDS: Readonly<
  Record<string, { seconds: number; take: (session: Session, wait: () => Promise<void>) => Promise<Sampled> }>
> = {
  profile: { seconds: 30, take: takeCpu },
  heap: { seconds: 1, take: takeHeap },
}
type Sampled = Pick<Profile, 'types' | 'samples'>

export class Profiles {
  readonly #clock: Clock
  #isBusy = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async answer(path: string, query: URLSearchParams): Promise<DocumentAnswer> {
    if (path === ROOT) return { ...text(302, ''), headers: { Location: `${ROOT}/` } }
    const name = path.slice(ROOT.length + 1)
    if (name === '') return text(200, INDEX)
    const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined
    if (!kind) return text(404, 'Unknown profile\n')
    const seconds = Number(query.get('seconds') ?? kind.seconds)
    if (!(seconds > 0 && seconds <= LONGEST_SECONDS)) {
      return text(400, `"seconds" must be more than 0 and at most ${LONGEST_SECONDS}\n`)
    }
    // Whoever may profile may not slow down everybody else in this process as they like.
    if (this.#isBusy) return text(500, 'Could not enable CPU profiling: cpu profiling already in use\n')
    this.#isBusy = true
    try {
      return await this.#take(name, seconds, kind.take)
    } finally {
      this.#isBusy = false
    }
  }

  async #take(name: string, seconds: number, take: (typeof KINDS)[string]['take']): Promise<DocumentAnswer> {
    const [startedAtMs, from] = [this.#clock.now(), this.#clock.monotonic()]
    const session = new Session()
    session.connect()
    try {
      const sampled = await take(session, () => this.#clock.sleep(seconds * 1000))
      const body = writePprof({ ...sampled, startedAtMs, durationMs: this.#clock.monotonic() - from })
      const headers = { 'Content-Disposition': `attachment; filename="${name}"`, 'X-Content-Type-Options': 'nosniff' }
      return { type: 'document', code: 200, contentType: 'application/octet-stream', body, headers }
    } finally {
      session.disconnect()
    }
  }
}

const INDEX = `${ROOT}/

Types of profiles available:
heap     what was made in ?seconds= (1) and is still held
profile  where the processor's time went in ?seconds= (30)
`

const text = (code: number, body: string): DocumentAnswer => ({
  type: 'document',
  code,
  contentType: 'text/plain; charset=utf-8',
  body,
})

async function takeCpu(session: Session, wait: () => Promise<void>): Promise<Sampled> {
  await session.post('Profiler.enable')
  await session.post('Profiler.start')
  await wait()
  const { profile } = (await session.post('Profiler.stop')) as { profile: CpuProfile }
  return {
    types: [
      ['samples', 'count'],
      ['cpu', 'nanoseconds'],
    ],
    samples: samplesOfCpu(profile),
  }
}

/** One sample for each place where the process was met, with how often and how long. */
function samplesOfCpu({ nodes, samples = [], timeDeltas = [] }: CpuProfile): Profile['samples'] {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  const met = new Map<number, { count: number; micros: number }>()
  for (const [at, id] of samples.entries()) {
    const { count, micros } = met.get(id) ?? { count: 0, micros: 0 }
    met.set(id, { count: count + 1, micros: micros + Math.max(0, timeDeltas[at] ?? 0) })
  }
  return Array.from(met, ([id, { count, micros }]) => {
    const stack: Frame[] = []
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) stack.push(byId.get(at)!.callFrame)
    return { stack: stack.filter(isCall), values: [count, micros * 1000] }
  }).filter(({ stack }) => stack.length > 0)
}

/** `(idle)`, `(program)` and `(root)` are no calls; time in them is not this program's. */
const isCall = ({ functionName }: Frame) => !['(root)', '(idle)', '(program)'].includes(functionName)

async function takeHeap(session: Session, wait: () => Promise<void>): Promise<Sampled> {
  await session.post('HeapProfiler.startSampling')
  await wait()
  const { profile } = (await session.post('HeapProfiler.stopSampling')) as unknown as { profile: { head: HeapNode } }
  return { types: [['inuse_space', 'bytes']], samples: [...samplesOfHeap(profile.head, [])] }
}

function* samplesOfHeap(node: HeapNode, above: readonly Frame[]): Generator<Profile['samples'][number]> {
  const stack = isCall(node.callFrame) ? [node.callFrame, ...above] : above
  if (node.selfSize > 0 && stack.length > 0) yield { stack, values: [node.selfSize] }
  for (const child of node.children) yield* samplesOfHeap(child, stack)
}
