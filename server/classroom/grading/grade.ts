// What a run is worth: for a grade book, from what was written down while the learner worked. Credit is the best that
// was ever reached, so taking a lab again never costs anything. Attempts and hints are told, not subtracted: what they
// are worth is the instructor's to say.

export interface StepMarks {
  /** The best share of what was to do in the step that was done at one time, 0 to 1. */
  credit: number
  /** Wrong tries, and the right one. */
  attempts: number
}

/** What was true before the learner did anything is no credit of theirs: some steps begin half done. */
export const earned = (credit: number, atEntry: number): number =>
  atEntry >= 1 ? 1 : Math.max(0, (credit - atEntry) / (1 - atEntry))

export interface GradedRun {
  /** How many steps the lab has. */
  readonly steps: number
  readonly marks: ReadonlyMap<number, StepMarks>
  readonly hints: number
}

export interface Grade {
  /** Mean of the steps' credits, 0 to 1. */
  readonly credit: number
  readonly attempts: number
  readonly hints: number
  readonly steps: readonly (StepMarks & { step: number })[]
}

export function gradeOf({ steps, marks, hints }: GradedRun): Grade {
  const graded = Array.from({ length: steps }, (_, index) => ({
    step: index + 1,
    ...(marks.get(index + 1) ?? { credit: 0, attempts: 0 }),
  }))
  const sum = (of: (each: StepMarks) => number) => graded.reduce((total, each) => total + of(each), 0)
  return {
    credit: steps === 0 ? 0 : sum(({ credit }) => credit) / steps,
    attempts: sum(({ attempts }) => attempts),
    hints,
    steps: graded,
  }
}
