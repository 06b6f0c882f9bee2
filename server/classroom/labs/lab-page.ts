// A lab as the page shows it: without answers, solutions and the text of hints.

import type { LabView } from '../api/contract.ts'
import { checkKey, hintKey, type Lab } from './lab.ts'

export function labPage(lab: Lab, labs: readonly Lab[]): LabView {
  const { id, number, title, summary, minutes, learned } = lab
  const next = labs[labs.indexOf(lab) + 1]
  return {
    id,
    number,
    title,
    summary,
    minutes,
    learned,
    steps: lab.steps.map((step) => ({
      number: step.number,
      title: step.title,
      blocks: [...step.blocks],
      checks: step.checks.map((check) => ({ id: checkKey(step, check), aim: check.aim })),
      hints: step.hints.map((hint) => ({ id: hintKey(step, hint), title: hint.title })),
    })),
    next: next ? { labId: next.id, title: next.title } : null,
  }
}
