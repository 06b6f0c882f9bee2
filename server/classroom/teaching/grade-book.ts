// The grades of a class, from what was written down while its learners worked, and the same as CSV for other programs.

import type { Database } from '../database/open-database.ts'
import { gradeOf } from '../grading/grade.ts'
import type { Lab } from '../labs/lab.ts'
import type { GradeBook } from './wall-view.ts'

export async function gradeBookOf(database: Database, labs: readonly Lab[], classId: string): Promise<GradeBook> {
  const members = await database.membership.findMany({
    where: { classId, role: 'learner' },
    select: {
      person: {
        select: {
          id: true,
          name: true,
          labRuns: {
            select: {
              labId: true,
              done: true,
              results: { select: { step: true, credit: true, attempts: true } },
              _count: { select: { hints: true } },
            },
          },
        },
      },
    },
    orderBy: { person: { name: 'asc' } },
  })
  const stepsOf = new Map(labs.map(({ id, steps }) => [id, steps.length]))
  return {
    labs: labs.map(({ id, number, title, steps }) => ({ id, number, title, steps: steps.length })),
    learners: members.map(({ person: { id, name, labRuns } }) => ({
      learnerId: id,
      name,
      grades: Object.fromEntries(
        labRuns.flatMap(({ labId, done, results, _count }) => {
          const steps = stepsOf.get(labId)
          if (steps === undefined) return []
          const marks = new Map(results.map(({ step, ...rest }) => [step, rest]))
          const { credit, attempts, hints } = gradeOf({ steps, marks, hints: _count.hints })
          return [[labId, { credit, attempts, hints, done }]]
        }),
      ),
    })),
  }
}

/** One line for each learner and lab that was opened. Credit in percent. */
export function gradesAsCsv({ labs, learners }: GradeBook): string {
  const rows = learners.flatMap(({ name, grades }) =>
    labs.flatMap(({ id, number, title }) => {
      const grade = grades[id]
      if (!grade) return []
      const { credit, attempts, hints, done } = grade
      return [[name, number, title, (credit * 100).toFixed(1), String(attempts), String(hints), done ? 'yes' : 'no']]
    }),
  )
  const head = ['learner', 'lab', 'title', 'credit', 'attempts', 'hints', 'done']
  return [head, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
}

/** Quoted where it must be; what a spreadsheet would take for a formula is made plain text. */
function csvCell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}
