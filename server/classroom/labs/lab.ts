// A lab as it was read from its folder. See labs/README.md for the folder.

import { z } from 'zod'
import type { KubeObject } from '../../kube/apimachinery/object-meta.ts'
import type { LoopOrder } from '../../kube/cluster/index.ts'
import type { Check } from './check.ts'
import { FOLLOWED } from './cluster-view.ts'
import { LOOPS, type LoopName } from './loops.ts'
import type { StepText } from './step-markdown.ts'

export const labMetadata = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/, 'lower case letters, digits and dashes'),
  /** Its place in the course: a number, or a capital letter for the first steps before number 1. Shown as it is. */
  number: z.union([z.int().min(0), z.string().regex(/^[A-Z]$/, 'one capital letter')]).transform(String),
  /** Id of a chapter in content/course.yaml. */
  chapter: z.string(),
  title: z.string(),
  summary: z.string(),
  minutes: z.int().min(1),
  /** Said when it is done: what one knows now, a sentence each. */
  learned: z.array(z.string()).min(1).max(4),
  /** What the lab needs; a learner's cluster has at least this. */
  cluster: z.strictObject({
    nodes: z.int().min(1).max(2).default(2),
    /** Steps that cannot be finished on simulated nodes, by number. */
    containers: z.array(z.int()).default([]),
    /** Kinds that its checks read besides those that are watched always. */
    watches: z.array(z.enum(FOLLOWED)).default([]),
    /** Images that somebody has to add first (`podium images add`), as its Pods name them. */
    images: z.array(z.string()).default([]),
  }),
})
type LabMetadata = z.infer<typeof labMetadata>

/** What is typed into a terminal, and the files that a learner has in front of them while they do. */
export interface Script {
  readonly text: string
  /** What is done in the picture before anything is typed. */
  readonly holds: readonly LoopName[]
  readonly releases: readonly LoopName[]
  readonly files: readonly { name: string; text: string }[]
}

/** In one go and in a folder of its own, which holds the files as a learner would have saved them. */
export function inOneGo({ text, files }: Script): string {
  const saved = files.map(({ name, text }) => `cat > '${name}' <<'END_OF_FILE_BLOCK'\n${text}END_OF_FILE_BLOCK\n`)
  return `scratch=$(mktemp -d); trap 'rm -rf "$scratch"' EXIT; cd "$scratch"\n${saved.join('')}${text}`
}

export function ordersOf({ holds, releases }: Script): LoopOrder[] {
  const clientsOf = (names: readonly LoopName[]) => names.map((name) => LOOPS[name].client)
  return [
    { action: 'hold', loops: clientsOf(holds) },
    { action: 'release', loops: clientsOf(releases) },
  ]
}

export interface Step extends StepText {
  /** The file's name without its ending: `02-delete-a-pod`. */
  readonly name: string
  readonly number: number
  readonly checks: readonly Check[]
  /** Put into the cluster when the learner comes to this step. */
  readonly start: readonly KubeObject[]
  /** Makes every check of this step pass. */
  readonly solution: Script
}

export interface Mistake {
  readonly name: string
  readonly step: number
  /** Part of the message that a learner who did this must read. */
  readonly says: string
  readonly needsContainers: boolean
  readonly script: Script
  /** What is typed into answer blocks after the script has run. */
  readonly types: Readonly<Record<string, string>>
}

export interface Lab extends LabMetadata {
  readonly directory: string
  /** Put into the cluster before step 1. */
  readonly start: readonly KubeObject[]
  readonly steps: readonly Step[]
  readonly mistakes: readonly Mistake[]
}

/** Letters come before numbers. */
export const placeOf = ({ number }: { number: string }): number =>
  /^[A-Z]$/.test(number) ? number.charCodeAt(0) - 100 : Number(number)

/** Check and question ids are unique in a lab this way: `2.web-ready`. */
export const checkKey = (step: Step, check: Check): string => `${step.number}.${check.id}`
export const hintKey = (step: Step, hint: { id: string }): string => `${step.number}.${hint.id}`
