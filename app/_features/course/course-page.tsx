'use client'

// The course: what to do next in one button, then everything there is.

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { api, wordsOf } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import { Shape } from '../../_ui/shape.tsx'
import { TopBar } from '../../_ui/top-bar.tsx'
import { NewsBar } from '../news/news-bar.tsx'
import { useNews } from '../news/use-news.ts'
import { PersonMenu } from '../people/person-menu.tsx'
import { ChapterSection } from './chapter-section.tsx'
import style from './course.module.css'
import { LabRuler } from './lab-ruler.tsx'
import { MachinesNotice } from './machines-notice.tsx'
import { ResumePanel } from './resume-panel.tsx'

export function CoursePage() {
  const course = useQuery({ queryKey: ['course'], queryFn: () => api.course.overview.query() })
  const view = course.data
  const news = useNews()
  return (
    <>
      <a href="#labs" className="skip-link">
        To the labs
      </a>
      <TopBar
        wide
        person={<PersonMenu />}
        place={
          <Link href="/" aria-current="page" className={style.here}>
            Course
          </Link>
        }
      />
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
        {(view || !course.error) && <ResumePanel resume={view?.resume} then={view?.then ?? []} />}
        {view && (
          <>
            <LabRuler chapters={view.chapters} resumeId={view.resume.labId} />
            <div className={style.chapters} id="labs">
              {view.chapters.map((chapter) => (
                <ChapterSection key={chapter.id} chapter={chapter} resumeId={view.resume.labId} />
              ))}
            </div>
          </>
        )}
      </main>
    </>
  )
}
