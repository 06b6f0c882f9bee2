'use client'

// The grade book: learners down, labs across, and the same as a file.

import { useQuery } from '@tanstack/react-query'
import { notFound } from 'next/navigation'
import { api, isMissing, wordsOf } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import { Shape } from '../../_ui/shape.tsx'
import { PeoplePage } from '../people/people-page.tsx'
import style from './grades.module.css'

export function GradesPage({ classId }: { classId: string }) {
  const book = useQuery({ queryKey: ['grades', classId], queryFn: () => api.teach.grades.query({ classId }) })
  if (isMissing(book.error)) notFound()
  const opened = book.data?.labs.filter(({ id }) => book.data.learners.some(({ grades }) => grades[id])) ?? []
  return (
    <PeoplePage
      from={{ href: `/teach/${classId}`, name: 'Wall' }}
      place="Grades"
      title="Grades"
      lead="Credit is the best that was ever reached; tries and hints are told, not subtracted."
      actions={
        <Button disabled={!book.data} onClick={() => void download(classId)}>
          Download as CSV
        </Button>
      }
    >
      {book.error && <p role="alert">{wordsOf(book.error)}</p>}
      {book.data && opened.length === 0 && <p className="quiet">Nobody has opened a lab yet.</p>}
      {book.data && opened.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable by keyboard
        <section className={style.scroll} tabIndex={0} aria-label="Grades, scrolls sideways">
          <table>
            <thead>
              <tr>
                <th scope="col">Learner</th>
                {opened.map(({ id, number, title }) => (
                  <th key={id} scope="col" title={title}>
                    Lab {number}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {book.data.learners.map(({ learnerId, name, grades }) => (
                <tr key={learnerId}>
                  <th scope="row">{name}</th>
                  {opened.map(({ id }) => {
                    const grade = grades[id]
                    return (
                      <td key={id}>
                        {grade ? (
                          <>
                            {grade.done && <Shape state="ok" size={12} label="done" />}
                            <b>{Math.round(grade.credit * 100)} %</b>
                            <span className="quiet">
                              {grade.attempts} {grade.attempts === 1 ? 'try' : 'tries'}
                              {grade.hints > 0 && `, ${grade.hints} hints`}
                            </span>
                          </>
                        ) : (
                          <span className="quiet">–</span>
                        )}
                      </td>
                    )
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </PeoplePage>
  )
}

async function download(classId: string): Promise<void> {
  const text = await api.teach.gradesAsCsv.query({ classId })
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  link.download = 'grades.csv'
  link.click()
  URL.revokeObjectURL(link.href)
}
