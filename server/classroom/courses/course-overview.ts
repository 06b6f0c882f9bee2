// The course page: all labs by chapter, what is done, and the one thing to do next.

import { readFile } from 'node:fs/promises'
import { load } from 'js-yaml'
import { z } from 'zod'
import type { CourseView, LabSummary } from '../api/contract.ts'
import { gradeOf, type StepMarks } from '../grading/grade.ts'
import type { Lab } from '../labs/lab.ts'

const courseSchema = z.strictObject({ chapters: z.array(z.strictObject({ id: z.string(), title: z.string() })).min(1) })
export type Course = z.infer<typeof courseSchema>

export async function loadCourse(path: string, labs: readonly Lab[]): Promise<Course> {
  const parsed = courseSchema.safeParse(load(await readFile(path, 'utf8')))
  if (!parsed.success) throw new Error(`${path}:\n${z.prettifyError(parsed.error)}`)
  const lost = labs.find((lab) => !parsed.data.chapters.some(({ id }) => id === lab.chapter))
  if (lost) throw new Error(`${lost.directory}/lab.yaml: there is no chapter "${lost.chapter}" in ${path}`)
  return parsed.data
}

/** What is known of a learner's run of one lab. */
export interface RunSummary {
  labId: string
  step: number
  reached: number
  done: boolean
  marks: ReadonlyMap<number, StepMarks>
  hintsOpened: number
  touchedAt: Date
}

export function courseOverview(options: {
  course: Course
  labs: readonly Lab[]
  runs: readonly RunSummary[]
  machines: CourseView['machines']
  learnerName: string
  /** The learner's cluster sleeps. */
  asleep: boolean
  now: number
}): CourseView {
  const { course, labs, runs, machines, learnerName, asleep, now } = options
  const summaries = labs.map((lab) =>
    summaryOf(
      lab,
      runs.find(({ labId }) => labId === lab.id),
    ),
  )
  const chapters = course.chapters
    .map(({ id, title }) => ({ id, title, labs: summaries.filter((_, index) => labs[index]?.chapter === id) }))
    .filter((chapter) => chapter.labs.length > 0)
  const { resume, ...rest } = nextThings(labs, summaries, runs, now)
  return {
    chapters,
    resume: { ...resume, asleep },
    ...rest,
    machines,
    learner: { name: learnerName, initials: initialsOf(learnerName) },
  }
}

function summaryOf(lab: Lab, run: RunSummary | undefined): LabSummary {
  const { id, number, title, summary, minutes } = lab
  const state = !run ? 'new' : run.done ? 'done' : 'started'
  const steps = lab.steps.length
  return {
    id,
    number,
    title,
    summary,
    words: wordsOf(lab),
    minutes,
    state,
    step: run?.reached ?? 1,
    steps,
    hintsOpened: run?.hintsOpened ?? 0,
    firstTry: run !== undefined && isFirstTry(lab, run),
  }
}

function wordsOf({ steps }: Lab): string {
  const texts = steps.flatMap(({ title, blocks }) => [
    title,
    ...blocks.map((block) => (block.type === 'command' ? block.command : '')),
  ])
  return [
    ...new Set(
      texts
        .join(' ')
        .toLowerCase()
        .match(/[\p{L}\p{N}]{3,}/gu),
    ),
  ].join(' ')
}

/** Every step was right at once: nothing was tried in vain, no hint was opened. */
function isFirstTry(lab: Lab, { marks, hintsOpened }: RunSummary): boolean {
  const grade = gradeOf({ steps: lab.steps.length, marks, hints: hintsOpened })
  return grade.credit === 1 && grade.attempts === lab.steps.length && grade.hints === 0
}

/** The lab touched last goes on, unless it is done; then the first that is not. */
function nextThings(labs: readonly Lab[], summaries: readonly LabSummary[], runs: readonly RunSummary[], now: number) {
  const latest = [...runs].sort((one, other) => other.touchedAt.getTime() - one.touchedAt.getTime())[0]
  const open = summaries.filter(({ state }) => state !== 'done')
  const chosen = open.find(({ id }) => id === latest?.labId) ?? open[0] ?? summaries[0]
  if (!chosen) throw new Error('the course has no labs')
  const lab = labs.find(({ id }) => id === chosen.id)
  const run = runs.find(({ labId }) => labId === chosen.id)
  const started = chosen.state === 'started'
  const stepTitle = lab?.steps[chosen.step - 1]?.title ?? ''
  const after = summaries.filter(({ id, state }) => id !== chosen.id && state !== 'done')
  return {
    resume: {
      labId: chosen.id,
      title: chosen.title,
      lead: started ? `Next: ${stepTitle}.` : chosen.summary,
      started,
      when:
        started && run
          ? `You stopped ${agoText(now - run.touchedAt.getTime())} in lab ${chosen.number}, at step ${chosen.step} of ${chosen.steps}.`
          : '',
    },
    // biome-ignore lint/suspicious/noThenProperty: the contract's word, and a list is never mistaken for a promise
    then: after.slice(0, 2).map(({ id, title, summary, minutes }) => ({ labId: id, title, summary, minutes })),
  }
}

export function agoText(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 2) return 'just now'
  if (minutes < 60) return `${minutes} minutes ago`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return hours === 1 ? 'an hour ago' : `${hours} hours ago`
  const days = Math.floor(hours / 24)
  return days === 1 ? 'yesterday' : `${days} days ago`
}

/** `Ada Lovelace` is AL, `ada` is Ad. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/).filter(Boolean)
  const letters = words.length > 1 ? words.slice(0, 2).map((word) => word[0] ?? '') : [...(words[0] ?? '?')].slice(0, 2)
  const [first = '?', second = ''] = letters
  return first.toUpperCase() + (words.length > 1 ? second.toUpperCase() : second.toLowerCase())
}
