import { describe, expect, it } from 'vitest'
import { earned, gradeOf } from './grade.ts'

describe('earned', () => {
  it.each([
    { credit: 0.5, atEntry: 0, is: 0.5 },
    { credit: 0.5, atEntry: 0.5, is: 0 },
    { credit: 0.75, atEntry: 0.5, is: 0.5 },
    { credit: 0.25, atEntry: 0.5, is: 0 },
    { credit: 1, atEntry: 0.5, is: 1 },
    { credit: 1, atEntry: 1, is: 1 },
  ])('$credit in a step that began with $atEntry is $is', ({ credit, atEntry, is }) => {
    expect(earned(credit, atEntry)).toBe(is)
  })
})

describe('gradeOf', () => {
  it('is nothing for a lab that was only opened', () => {
    expect(gradeOf({ steps: 3, marks: new Map(), hints: 0 })).toMatchObject({ credit: 0, attempts: 0 })
  })

  it('gives a step that is half done half its share', () => {
    const marks = new Map([
      [1, { credit: 1, attempts: 3 }],
      [2, { credit: 0.5, attempts: 1 }],
    ])
    const grade = gradeOf({ steps: 4, marks, hints: 2 })
    expect(grade).toMatchObject({ credit: 0.375, attempts: 4, hints: 2 })
    expect(grade.steps[1]).toEqual({ step: 2, credit: 0.5, attempts: 1 })
    expect(grade.steps[3]).toEqual({ step: 4, credit: 0, attempts: 0 })
  })
})
