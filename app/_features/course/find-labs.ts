// Which labs are about what somebody types: every word of it begins a word of the lab, of its chapter, its steps or its
// commands. Pure.

import type { CourseView } from '../../../server/classroom/api/contract.ts'

type Chapters = CourseView['chapters']

export function findLabs(chapters: Chapters, wanted: string): Chapters {
  const words = wordsIn(wanted)
  if (words.length === 0) return chapters
  return chapters
    .map((chapter) => ({
      ...chapter,
      labs: chapter.labs.filter((lab) => {
        const has = wordsIn(`${lab.number} ${lab.title} ${lab.summary} ${lab.words} ${chapter.title}`)
        return words.every((word) => has.some((one) => one.startsWith(word)))
      }),
    }))
    .filter(({ labs }) => labs.length > 0)
}

/** The numbers of the labs count up from 1, and some are not there; what has a letter in its place does not count. */
export function hasGaps(chapters: readonly { labs: readonly { number: string }[] }[]): boolean {
  const numbers = chapters.flatMap(({ labs }) => labs.map(({ number }) => Number(number))).filter(Number.isInteger)
  return numbers.length > 0 && new Set(numbers).size < Math.max(...numbers)
}

const wordsIn = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
