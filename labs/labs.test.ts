// Every lab folder, without any cluster: complete, well-formed, and not done before it was begun.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { labView } from '../server/classroom/api/contract.ts'
import { loadCourse } from '../server/classroom/courses/course-overview.ts'
import { judgeStep } from '../server/classroom/grading/judge-step.ts'
import { emptyView } from '../server/classroom/labs/cluster-view.ts'
import { labPage } from '../server/classroom/labs/lab-page.ts'
import { loadLabs } from '../server/classroom/labs/load-labs.ts'

const labs = await loadLabs(import.meta.dirname)
const course = await loadCourse(join(import.meta.dirname, '..', 'content', 'course.yaml'), labs)

describe('the course', () => {
  it('has a lab in every folder', () => {
    const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((each) => each.isDirectory())
    expect(labs).toHaveLength(folders.filter(({ name }) => name !== 'support').length)
  })

  it('teaches in the order of its chapters: no lab goes back to an earlier one', () => {
    const places = labs.map(({ chapter }) => course.chapters.findIndex(({ id }) => id === chapter))
    expect(places).toEqual([...places].sort((one, other) => one - other))
  })
})

describe.each(labs)('$id', (lab) => {
  it('asks for a prediction before the learner acts, and ends with something to mend', () => {
    const predictions = lab.steps.flatMap(({ questions }) => questions).filter(({ kind }) => kind === 'predict')
    expect(predictions.length).toBeGreaterThanOrEqual(2)
    expect(lab.steps.flatMap(({ questions }) => questions).some(({ kind }) => kind === 'quiz')).toBe(true)
    expect(lab.steps.at(-1)?.start.length).toBeGreaterThan(0)
  })

  it('knows at least two usual mistakes, each at a step that exists', () => {
    expect(lab.mistakes.length).toBeGreaterThanOrEqual(2)
    for (const { step, needsContainers } of lab.mistakes) {
      // Simulated nodes pass over such a step, so nobody would read the message.
      if (lab.cluster.containers.includes(step)) expect(needsContainers).toBe(true)
    }
  })

  it('shows the page neither answers nor solutions nor the text of hints', () => {
    const page = labView.parse(labPage(lab, labs))
    const text = JSON.stringify(page)
    for (const step of lab.steps) {
      for (const { explanation } of step.questions) expect(text).not.toContain(JSON.stringify(explanation))
      for (const { html } of step.hints) expect(text).not.toContain(JSON.stringify(html).slice(1, -1))
    }
    expect(text).not.toContain('"answer":')
  })

  it.each(lab.steps.filter(({ name }) => !name.includes('delete-it')))(
    'step $name is not ok on an empty cluster',
    (step) => {
      const { passed, results } = judgeStep(step, emptyView, (_, err) => {
        throw err
      })
      expect(passed).toBe(false)
      for (const { state, message, wanted } of Object.values(results)) {
        if (state !== 'ok') expect([message, wanted]).not.toContain('')
      }
    },
  )

  it('lets go of every loop that it asks to hold', () => {
    const of = (key: 'holds' | 'releases') =>
      lab.steps.flatMap(({ number, solution }) => solution[key].map((loop) => ({ loop, number })))
    for (const { loop, number } of of('holds')) {
      expect(of('releases').some((each) => each.loop === loop && each.number > number)).toBe(true)
    }
  })

  it('gives every hint a title and a text', () => {
    for (const { title, html } of lab.steps.flatMap(({ hints }) => hints)) {
      expect(title).not.toBe('')
      expect(html).toMatch(/^<(p|pre)>/)
    }
  })
})
