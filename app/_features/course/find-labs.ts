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

const wordsIn = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
