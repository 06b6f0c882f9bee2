'use client'

// The course: what to do next in one button, then everything there is.

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useState } from 'react'
import type { Me } from '../../../server/classroom/api/people-contract.ts'
import { api, wordsOf } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import { Shape } from '../../_ui/shape.tsx'
import { TopBar } from '../../_ui/top-bar.tsx'
import { NewsBar } from '../news/news-bar.tsx'
import { useNews } from '../news/use-news.ts'
import { PersonMenu } from '../people/person-menu.tsx'
import { useMe } from '../people/use-me.ts'
import { ChapterSection } from './chapter-section.tsx'
import style from './course.module.css'
import { findLabs, hasGaps } from './find-labs.ts'
import { LabRuler } from './lab-ruler.tsx'
import { MachinesNotice } from './machines-notice.tsx'
import { ResumePanel } from './resume-panel.tsx'
import { SearchBox } from './search-box.tsx'

export function CoursePage() {
  const course = useQuery({ queryKey: ['course'], queryFn: () => api.course.overview.query() })
  const view = course.data
  const news = useNews()
  const { me } = useMe()
  const [wanted, setWanted] = useState('')
  const isSearching = wanted.trim() !== ''
  const chapters = findLabs(view?.chapters ?? [], wanted)
  return (
    <>
      <a href="#labs" className="skip-link">
        To the labs
      </a>
      <TopBar
        wide
        person={<PersonMenu />}
        place={
          <>
            <Link href="/" aria-current="page" className={style.here}>
              Course
            </Link>
            {me && <ClassesLink me={me} />}
          </>
        }
      >
        <SearchBox wanted={wanted} onWanted={setWanted} />
      </TopBar>
      <NewsBar news={news} />
      <main className={style.course}>
        {view?.machines.kind === 'simulated' && (
          <MachinesNotice reason={view.machines.reason} remedy={view.machines.remedy} />
        )}
        {course.error && !view && (
          <div className={style.error} role="alert">
            <Shape state="fail" />
            <span>
              <b>The course could not be loaded.</b> {wordsOf(course.error)}
            </span>
            <Button small onClick={() => course.refetch()}>
              Try again
            </Button>
          </div>
        )}
        {!isSearching && (view || !course.error) && <ResumePanel resume={view?.resume} then={view?.then ?? []} />}
        {view && (
          <>
            {!isSearching && <LabRuler chapters={view.chapters} resumeId={view.resume.labId} />}
            {isSearching && <h1 className={style.searched}>Labs about “{wanted.trim()}”</h1>}
            <p className={style.found} role="status">
              {isSearching &&
                foundWords(
                  chapters.reduce((sum, { labs }) => sum + labs.length, 0),
                  wanted,
                )}
            </p>
            <div className={style.chapters} id="labs">
              {chapters.map((chapter) => (
                <ChapterSection key={chapter.id} chapter={chapter} resumeId={view.resume.labId} isPart={isSearching} />
              ))}
            </div>
            {!isSearching && hasGaps(view.chapters) && (
              <p className={style.gaps}>
                Numbers that are missing belong to labs of the whole course that are not here yet.
              </p>
            )}
          </>
        )}
      </main>
    </>
  )
}

/** For who teaches: the one class they have, or all. */
function ClassesLink({ me }: { me: Me }) {
  const [first, ...more] = me.classes.filter(({ role, isArchived }) => role !== 'learner' && !isArchived)
  // Who is alone on their own machine has nobody to teach.
  if (!me.accounts || (!first && !me.person?.isAdmin)) return null
  return (
    <Link href={first && more.length === 0 ? `/classes/${first.id}` : '/classes'} className={style.there}>
      {first && more.length === 0 ? 'Class' : 'Classes'}
    </Link>
  )
}

function foundWords(count: number, wanted: string): string {
  if (count === 0) return `No lab is about “${wanted.trim()}”. Try the name of a kind, or of a command.`
  return count === 1 ? 'One lab.' : `${count} labs.`
}
